//! YAML, settings and environment become a validated model, or every problem at once.
