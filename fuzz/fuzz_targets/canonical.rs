//! Canonical forms, against the oracle's; no two requests share one.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Canonical, oss_edge_fuzz::check_inputs::check_canonical);
