use super::*;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// A template up to the properties of its one function.
const FUNCTION: &str = "
Resources:
  WatchRole: {Type: AWS::IAM::Role, Properties: {Policies: []}}
  Watch:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: watch}}
    Properties:
      Role: !GetAtt WatchRole.Arn
";

fn read(template: &str) -> Template {
    Template::read(template).expect("the template is understood")
}

fn function<'a>(template: &'a Template, id: &str) -> &'a Function {
    let mut functions = template.functions.iter();
    functions.find(|function| function.id == id).expect(id)
}

#[test]
fn functions_come_with_their_binary_and_timeout() {
    let template = read(TEMPLATE);
    for (id, binary, seconds, why) in [
        ("Create", "create", 29, "the timeout of the globals"),
        ("Callback", "callback", 10, "one of its own"),
    ] {
        let function = function(&template, id);
        assert_eq!(function.binary, binary, "{why}");
        assert_eq!(function.timeout.as_secs(), seconds, "{why}");
    }
}

#[test]
fn tables_and_secrets_come_by_their_logical_ids() {
    let template = read(TEMPLATE);
    let tables = template.tables.iter().map(|table| table.id.as_str());
    assert_eq!(tables.collect::<Vec<_>>(), ["Keys", "Tasks", "Usage"]);
    assert_eq!(template.secrets, ["Accounts", "CallbackSecret"]);
}

#[test]
fn variables_are_resolved() {
    let template = read(TEMPLATE);
    let answer = |reference: &Reference| Some(format!("<{reference}>"));
    let variables = function(&template, "Create").variables(answer).unwrap();
    for (name, value, why) in [
        ("TASKS_TABLE", "<Tasks>", "a resource's name is asked for"),
        ("PUBLIC_URL", "<Api.ApiEndpoint>", "and so is an attribute"),
        ("WEBHOOK_HOSTS", "public", "a plain text is itself"),
        ("MODEL_ALIASES", "{}", "a parameter is its default"),
        ("RUST_LOG", "info", "globals are everyone's"),
        ("STACK", "<AWS::StackName>", "a pseudo parameter is asked for"),
    ] {
        assert_eq!(variables[name], value, "{why}");
    }
}

#[test]
fn a_variable_that_nothing_answers_for_is_named() {
    let template = read(TEMPLATE);
    let error = function(&template, "Callback").variables(|reference| {
        let is_known = reference.attribute.is_none();
        is_known.then(|| reference.resource.clone())
    });
    assert_eq!(
        error.unwrap_err().to_string(),
        "template.yaml: variable `PUBLIC_URL` of `Callback`: nothing answers for `Api.ApiEndpoint`"
    );
}

#[test]
fn a_functions_own_settings_beat_the_globals() {
    let globals = "Globals: {Function: {Timeout: 7, Environment: {Variables: {A: 1, B: 1}}}}";
    for (properties, seconds, b, why) in [
        ("", 7, "1", "nothing of its own"),
        ("      Timeout: 9", 9, "1", "its own timeout"),
        ("      Environment: {Variables: {B: 2}}", 7, "2", "one variable of its own"),
    ] {
        let template = read(&format!("{globals}{FUNCTION}{properties}"));
        let function = &template.functions[0];
        let variables = function.variables(|_| None).unwrap();
        assert_eq!(function.timeout.as_secs(), seconds, "{why}");
        assert_eq!((variables["A"].as_str(), variables["B"].as_str()), ("1", b), "{why}");
    }
}

#[test]
fn schedules_are_rates() {
    for (event, seconds) in [
        ("{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute)}}", 60),
        ("{Type: ScheduleV2, Properties: {ScheduleExpression: rate(5 minutes)}}", 300),
        ("{Type: Schedule, Properties: {Schedule: rate(2 hours)}}", 7_200),
        ("{Type: Schedule, Properties: {Schedule: rate(1 day)}}", 86_400),
    ] {
        let template = read(&format!("{FUNCTION}      Events: {{Tick: {event}}}"));
        let schedules = &template.functions[0].schedules;
        assert_eq!(schedules, &[Duration::from_secs(seconds)], "{event}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let resource = |text: &str| format!("Resources: {{Thing: {{{text}}}}}");
    let property = |text: &str| format!("{FUNCTION}      {text}");
    let event = |text: &str| property(&format!("Events: {{Tick: {{{text}}}}}"));
    let stream = |text: &str| {
        let rest = "StartingPosition: LATEST, BatchSize: 5";
        event(&format!("Type: DynamoDB, Properties: {{{rest}, {text}}}"))
    };
    for (template, message) in [
            // YAML, and the top level.
            ("Resources: [".to_owned(), "while parsing"),
            ("a: 1\n---\na: 1".to_owned(), "expected one YAML document"),
            ("Resources: {}\nResources: {}".to_owned(), "duplicate"),
            (
                "Mappings: {}\nResources: {}".to_owned(),
                "the top level: unknown field `Mappings`",
            ),
            (
                "Conditions: {A: !Equals [!Ref B, c]}\nResources: {}".to_owned(),
                "condition `A`: `B` is not in the template",
            ),
            (
                "Conditions: {A: !And [b, c]}\nResources: {}".to_owned(),
                "the top level: unknown variant `Fn::And`",
            ),
            // Resources and keys.
            (
                resource("Type: AWS::EC2::VPC"),
                "resource `Thing`: unknown variant `AWS::EC2::VPC`",
            ),
            (
                resource("Type: AWS::SNS::Subscription, Condition: Production"),
                "resource `Thing`: the condition `Production` is not in the template",
            ),
            (
                resource("Type: AWS::CloudWatch::Dashboard, Properties: {DashboardBody: '[1,]'}"),
                "resource `Thing`: the dashboard is not JSON",
            ),
            (
                "Conditions: {A: !Equals [b, c]}\n\
                 Resources: {Thing: {Type: AWS::DynamoDB::Table, Condition: A}}"
                    .to_owned(),
                "resource `Thing`: unknown field `Condition`",
            ),
            (
                property("VpcConfig: {}"),
                "resource `Watch`: unknown field `VpcConfig`",
            ),
            (
                resource("Type: AWS::ApiGatewayV2::Stage, Properties: {StageName: v1}"),
                "resource `Thing`: unknown variant `v1`, expected `$default`",
            ),
            (
                "Resources: {A: &api {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}, \
                 B: *api}"
                    .to_owned(),
                "resource `B`: a second API is not understood",
            ),
            (
                resource(
                    "Type: AWS::ApiGatewayV2::Stage, DependsOn: [Nobody], \
                     Properties: {StageName: $default}",
                ),
                "resource `Thing`: `Nobody`, on which it depends, is not in the template",
            ),
            (
                resource(
                    "Type: AWS::ApiGatewayV2::Route, \
                     Properties: {RouteKey: GET /a, Target: !Sub 'integrations/${Thing}'}",
                ),
                "resource `Thing`: expected `integrations/${X}` as target, X being an integration",
            ),
            // Roles.
            (
                property("Policies: []"),
                "resource `Watch`: unknown field `Policies`",
            ),
            (
                FUNCTION.replace("Role: !GetAtt WatchRole.Arn", "Timeout: 9"),
                "`Watch`: expected a role",
            ),
            (
                FUNCTION.replace("!GetAtt WatchRole.Arn", "!GetAtt Watch.Arn"),
                "`Watch`: its role `Watch` is none, or another function's",
            ),
            (
                format!(
                    "{FUNCTION}  Follow: {{Type: AWS::Serverless::Function, \
                     Metadata: {{BuildProperties: {{Binary: follow}}}}, \
                     Properties: {{Role: !GetAtt WatchRole.Arn}}}}"
                ),
                "`Watch`: its role `WatchRole` is none, or another function's",
            ),
            (
                FUNCTION.replace("!GetAtt WatchRole.Arn", "!Ref WatchRole"),
                "resource `Watch`: expected `!GetAtt X.Arn` as role, X being a role",
            ),
            (
                FUNCTION.replace("{Policies: []}", "{Policies: [], ManagedPolicyArns: []}"),
                "resource `WatchRole`: unknown field `ManagedPolicyArns`",
            ),
            // Events.
            (
                event("Type: S3, Properties: {}"),
                "resource `Watch`: unknown variant `S3`",
            ),
            (
                event("Type: Schedule, Properties: {Schedule: cron(0 9 * * ? *)}"),
                "resource `Watch`: the schedule `cron(0 9 * * ? *)` is not understood",
            ),
            (
                event("Type: Schedule, Properties: {Schedule: rate(1 minutes)}"),
                "resource `Watch`: the schedule `rate(1 minutes)` is not understood",
            ),
            (
                stream("Stream: !Ref Watch, FilterCriteria: {Filters: []}"),
                "resource `Watch`: expected `!GetAtt X.StreamArn` as stream, X being a table",
            ),
            (
                stream("Stream: !GetAtt Watch.StreamArn, FilterCriteria: {Filters: []}"),
                "`Watch`: its stream's table `Watch` is not in the template, or has no stream",
            ),
            (
                stream("Stream: !GetAtt Watch.StreamArn, FilterCriteria: {Filters: [{Pattern: '{\"a\":[{\"suffix\":\"b\"}]}'}]}"),
                "resource `Watch`: the filter rule `{\"suffix\":\"b\"}` is not understood",
            ),
            (
                stream("Stream: !GetAtt Watch.StreamArn, Enabled: false"),
                "resource `Watch`: unknown field `Enabled`",
            ),
            // References and functions, also where only the deployment uses them.
            (
                property("Handler: !Join [a, b]"),
                "resource `Watch`: the function `Fn::Join` is not understood",
            ),
            (
                property("Handler: {Fn::If: [a, b, c]}"),
                "resource `Watch`: the condition `a` is not in the template",
            ),
            (
                property("Handler: {Fn::If: [a, b]}"),
                "resource `Watch`: expected a choice of two",
            ),
            (
                format!(
                    "Conditions: {{A: !Equals [b, c]}}\n{FUNCTION}      \
                     Environment: {{Variables: {{B: !If [A, b, c]}}}}"
                ),
                "resource `Watch`: the function `Fn::If` is not understood",
            ),
            (
                property("Layers: [!Ref Nobody]"),
                "resource `Watch`: `Nobody` is not in the template",
            ),
            (
                property("Handler: !Sub 'a-${Nobody.Arn}'"),
                "resource `Watch`: `Nobody.Arn` is not in the template",
            ),
            (
                property("Handler: !Ref AWS::URLSuffix"),
                "resource `Watch`: `AWS::URLSuffix` is not in the template",
            ),
            (
                property("Handler: !Sub 'a-${b'"),
                "resource `Watch`: `${b` has no end",
            ),
            (
                property("Handler: !Sub ['${a}', {a: b}]"),
                "resource `Watch`: expected a text as argument of `Fn::Sub`",
            ),
            (
                "Resources: {}\nOutputs: {Address: {Value: !Ref Nobody}}".to_owned(),
                "`Outputs`: `Nobody` is not in the template",
            ),
        ] {
            let error = Template::read(&template).expect_err(&template).to_string();
            let rest = error.strip_prefix("template.yaml: ").expect(&error);
            assert!(rest.contains(message), "{template}\ngave: {error}");
            assert!(!error.contains('\n'), "one line, not: {error}");
        }
}
