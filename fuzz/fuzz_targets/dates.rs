//! Dates, as the oracle reads and writes them.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Dated, oss_edge_fuzz::check_inputs::check_date);
