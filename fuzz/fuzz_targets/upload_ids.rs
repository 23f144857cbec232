//! Upload ids: none is taken that wasn't sealed for its object, and in time.

#![no_main]

oss_edge_fuzz::target!(oss_edge_fuzz::inputs::Upload, oss_edge_fuzz::check_inputs::check_upload);
