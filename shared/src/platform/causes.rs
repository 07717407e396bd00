//! Why something failed, in one line.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;

/// What AWS says when it does not do something.
#[derive(Debug)]
pub struct AwsError {
    /// Absent when AWS could not be asked.
    pub code: Option<String>,
    /// In the words of AWS; when it says nothing, the causes.
    pub message: String,
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The code and the message of an error of the SDK.
pub fn aws(error: &(impl ProvideErrorMetadata + Error)) -> AwsError {
    let message = error.message().map_or_else(|| causes(error), str::to_owned);
    AwsError { code: error.code().map(str::to_owned), message }
}

/// What an error says, and what each of its causes says. Not what it holds: the
/// SDK's errors carry whole requests and answers, and in those are secrets.
pub fn causes(error: &dyn Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        next = cause.source();
        let said = cause.to_string();
        // Many repeat what their cause says.
        if words.last().is_none_or(|last| !last.contains(&said)) {
            words.push(said);
        }
    }
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Said(&'static str, Option<Box<Self>>);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Said {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    #[test]
    fn each_cause_is_told_once() {
        let refused = || Some(Box::new(Said("connection refused", None)));
        let rows = [
            (Said("no answer", None), "no answer"),
            (Said("no answer", refused()), "no answer: connection refused"),
            (Said("dispatch: connection refused", refused()), "dispatch: connection refused"),
        ];
        for (error, line) in rows {
            assert_eq!(causes(&error), line);
        }
    }
}
