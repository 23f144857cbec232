//! Ids of derived keys and their secrets, as the oracle reads and derives them.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Derived, oss_edge_fuzz::check_inputs::check_derived);
