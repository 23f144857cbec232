//! Requests, signed and then changed, against the oracle: what is accepted has a right signature for precisely that
//! resource, and what is refused breaks the rule that the refusal names.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::case::Case, oss_edge_fuzz::checks::check_case);
