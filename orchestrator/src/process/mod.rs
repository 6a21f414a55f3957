//! One attempt: a collector, its whole process tree, its output and its end.
