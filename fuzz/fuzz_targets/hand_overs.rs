//! What viewer-request hands over: origin-request opens nothing else.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Sealed, oss_edge_fuzz::check_inputs::check_sealed);
