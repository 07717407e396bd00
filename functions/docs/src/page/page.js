"use strict";
// Shows the OpenAPI document of this server. Everything is made as text or as an element,
// never as HTML, so whatever the document says stays text.

const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

// The little Markdown that descriptions use: `code`, [links](https://…) and paragraphs.
function prose(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((paragraph) => element("p", {}, words(paragraph)));
}

function words(text) {
  return text.split(/(`[^`]+`|\[[^\]]+\]\(https:[^)]+\))/).filter(Boolean).map((piece) => {
    const link = /^\[([^\]]+)\]\((https:[^)]+)\)$/.exec(piece);
    if (link) return element("a", { href: link[2], rel: "noreferrer" }, link[1]);
    if (/^`[^`]+`$/.test(piece)) return element("code", {}, piece.slice(1, -1));
    return piece;
  });
}

function resolve(contract, value) {
  if (!value?.$ref) return value ?? {};
  const found = value.$ref.slice(2).split("/").reduce((at, part) => at[part.replaceAll("~1", "/").replaceAll("~0", "~")], contract);
  const { $ref, ...beside } = value;
  return { ...found, ...beside };
}

// What a schema that is only a reference is called.
function nameOf(schema) {
  return schema?.$ref?.split("/").pop();
}

// A schema in a few words, such as `number, more than 0`.
function kind(contract, schema) {
  const name = nameOf(schema);
  if (name && contract.components.schemas[name]?.properties) {
    return [element("a", { href: `#schema-${name}` }, name)];
  }
  const it = resolve(contract, schema);
  if (it.anyOf) {
    const rest = it.anyOf.filter((one) => one.type !== "null");
    return rest.flatMap((one, at) => [...(at ? [", or "] : []), ...kind(contract, one)]);
  }
  if (it.allOf && !it.properties) return kind(contract, it.allOf[0]);
  if ("const" in it) return [JSON.stringify(it.const)];
  if (it.enum) return [it.enum.map((one) => JSON.stringify(one)).join(" | ")];
  if (it.type === "array") return ["list of ", ...kind(contract, it.items)];
  if (name === "NumberText") return ["the same as text"];
  const type = [it.type].flat().filter((one) => one && one !== "null").join(" or ") || "anything";
  const bounds = [
    it.format,
    it.minimum !== undefined && (it.maximum !== undefined ? `${it.minimum} to ${it.maximum}` : `at least ${it.minimum}`),
    it.exclusiveMinimum !== undefined && `more than ${it.exclusiveMinimum}`,
  ];
  return [[type, ...bounds.filter(Boolean)].join(", ")];
}

function table(caption, columns, rows) {
  if (rows.length === 0) return null;
  return element("table", {}, element("caption", {}, caption),
    element("thead", {}, element("tr", {}, columns.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, rows.map(([first, ...rest]) =>
      element("tr", {}, element("th", { scope: "row" }, first), rest.map((cell) => element("td", {}, cell))))));
}

function members(contract, schema, caption) {
  const it = resolve(contract, schema);
  const rows = Object.entries(it.properties ?? {}).map(([name, member]) => {
    const full = resolve(contract, member);
    const isNeeded = (it.required ?? []).includes(name);
    return [
      [element("code", {}, name), isNeeded ? element("span", { class: "needed" }, "required") : null],
      [prose(full.description), element("span", { class: "kind" }, kind(contract, member),
        full.default !== undefined ? `; ${JSON.stringify(full.default)} when absent` : null)],
    ];
  });
  return table(caption, ["Member", "Meaning"], rows);
}

function sample(caption, text) {
  const code = element("code", {}, text);
  const button = element("button", { type: "button", "aria-label": `Copy: ${caption}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Only secure addresses have a clipboard; a selection can be copied by hand.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });
  return element("figure", {}, element("figcaption", {}, caption, button),
    element("pre", { tabindex: "0" }, code));
}

function curl(origin, method, path, operation, contract, body) {
  const lines = [`curl ${origin}${path}`];
  if (method !== "get") lines[0] = `curl -X ${method.toUpperCase()} ${origin}${path}`;
  if ((operation.security ?? contract.security ?? []).length > 0) lines.push("-H 'Authorization: Bearer sk-…'");
  if (body !== undefined) {
    lines.push("-H 'Content-Type: application/json'");
    lines.push(`-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(" \\\n  ");
}

function examplesOf(content) {
  if (content?.examples) return Object.values(content.examples).map((one) => [one.summary, one.value]);
  return content?.example !== undefined ? [["Example", content.example]] : [];
}

function parameters(contract, operation) {
  const rows = (operation.parameters ?? []).map((one) => resolve(contract, one)).map((one) => [
    [element("code", {}, one.name), one.required ? element("span", { class: "needed" }, "required") : null],
    [prose(one.description), element("span", { class: "kind" }, `in the ${one.in}`,
      one.example !== undefined ? [", such as ", element("code", {}, String(one.example))] : null)],
  ]);
  return table("Path and headers", ["Name", "Meaning"], rows);
}

function answers(contract, operation) {
  const all = Object.entries(operation.responses).map(([status, one]) => [status, resolve(contract, one)]);
  const rows = all.map(([status, answer]) => {
    const content = Object.values(answer.content ?? {})[0];
    const codes = answer["x-codes"] ?? [];
    const headers = Object.keys(answer.headers ?? {});
    const name = nameOf(content?.schema);
    return [
      element("code", {}, status),
      [prose(answer.description),
        codes.length > 0 ? element("div", { class: "codes" }, codes.map((code) => element("code", {}, code))) : null,
        name ? element("p", { class: "kind" }, kind(contract, content.schema)) : null,
        headers.length > 0 ? element("p", { class: "kind" }, `Headers: ${headers.join(", ")}`) : null],
    ];
  });
  const samples = all.flatMap(([status, answer]) => examplesOf(Object.values(answer.content ?? {})[0])
    .map(([caption, value]) => sample(`${status}: ${caption}`, JSON.stringify(value, null, 2))));
  return [table("Answers", ["Status", "Meaning"], rows),
    samples.length > 0 ? element("details", {}, element("summary", {}, "Examples of answers"), samples) : null];
}

function section(contract, origin, id, method, path, operation) {
  const content = operation.requestBody?.content?.["application/json"];
  const bodies = examplesOf(content);
  const filled = path.replace(/\{(\w+)\}/g, (whole, name) => name.toUpperCase());
  const isWebhook = !path.startsWith("/");
  const [first, ...others] = isWebhook
    ? bodies.map(([caption, body]) => sample(caption, JSON.stringify(body, null, 2)))
    : (bodies.length > 0 ? bodies : [["Try it", undefined]])
      .map(([caption, body]) => sample(caption, curl(origin, method, filled, operation, contract, body)));
  return element("section", { id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, operation.summary),
    element("p", { class: "route" }, element("span", { class: `method ${method}` }, method.toUpperCase()), path),
    prose(operation.description), first,
    others.length > 0 ? element("details", {}, element("summary", {}, "More examples"), others) : null,
    parameters(contract, operation),
    content ? members(contract, content.schema, "Body") : null,
    answers(contract, operation));
}

function render(contract, origin) {
  const operations = (paths) => Object.entries(paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => [path, method, item[method]]));
  const sections = [], links = [];
  const add = (id, title, made) => {
    sections.push(made);
    links.push(element("li", {}, element("a", { href: `#${id}` }, title)));
  };
  for (const [path, method, operation] of operations(contract.paths)) {
    add(operation.operationId, operation.summary, section(contract, origin, operation.operationId, method, path, operation));
  }
  for (const [name, method, operation] of operations(contract.webhooks)) {
    add(operation.operationId, `Webhook: ${operation.summary}`, section(contract, origin, operation.operationId, method, name, operation));
  }
  for (const [name, schema] of Object.entries(contract.components.schemas)) {
    if (!schema.properties) continue;
    add(`schema-${name}`, name, element("section", { id: `schema-${name}` },
      element("h2", {}, name), prose(schema.description), members(contract, schema, "Members")));
  }
  return {
    contents: element("ul", {}, links),
    main: [
      element("h1", {}, `${contract.info.title} ${contract.info.version}`),
      element("p", {}, contract.info.summary), prose(contract.info.description),
      element("p", {}, "For programs: ", element("a", { href: "/openapi.json" }, "/openapi.json"), `, OpenAPI ${contract.openapi}.`),
      sections,
    ].flat(Infinity),
  };
}

async function show() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch("/openapi.json");
    if (!answer.ok) throw new Error(`it was answered with ${answer.status}`);
    const { contents, main } = render(await answer.json(), location.origin);
    document.getElementById("contents").replaceChildren(contents);
    document.getElementById("contract").replaceChildren(...main);
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    state.replaceChildren("The contract could not be shown: ", error.message, ". It is at ",
      element("a", { href: "/openapi.json" }, "/openapi.json"), ".");
  }
}

show();
