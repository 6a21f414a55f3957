//! `orchestrate` as its users run it: real binary, real collectors, real files.

#![allow(clippy::unwrap_used, clippy::panic)] // A test may.

mod arguments;
mod checking;
mod completion;
mod contract;
mod cron;
mod diagnostics;
#[path = "../support/django.rs"]
mod django_installed;
mod documents;
mod explain;
mod files;
mod hostile;
mod input;
mod languages;
mod lineage;
mod manual;
mod network;
mod notices;
mod overlap;
mod programs;
mod project;
#[path = "../support/pty.rs"]
mod pty;
mod receiver;
mod records;
mod releases;
mod running;
mod schemas;
mod screens;
mod secrets;
mod selecting;
mod signals;
mod support;
mod suspend;
mod terminal;
mod whose;
