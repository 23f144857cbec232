//! Answers of origins: what is told of them, and the XML in their place.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Answer, oss_edge_fuzz::check_inputs::check_origin_answer);
