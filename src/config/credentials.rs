//! Where access keys come from.

use serde::{Deserialize, Serialize};

/// Where access keys come from. The core doesn't fetch them: the shim reads the other fields of `credentials`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credentials {
    /// Bundled with the functions.
    #[default]
    Bundled,
    /// AWS Secrets Manager.
    SecretsManager,
}
