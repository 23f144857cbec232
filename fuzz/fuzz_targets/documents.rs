//! Documents: no text makes a reader panic, and a fault is named by its path.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Document, oss_edge_fuzz::check_inputs::check_document);
