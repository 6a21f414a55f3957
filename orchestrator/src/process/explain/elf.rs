//! What is wrong with an ELF program, as far as its headers show it (elf(5)). Pure.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use object::elf::{
    EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64, ET_DYN, ET_EXEC, FileHeader32,
    FileHeader64, Machine,
};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

use crate::process::explain::start_problem::StartProblem;

pub(crate) const MAGIC: &[u8] = b"\x7fELF";

/// What the headers say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// For which kind of machine it is.
    pub(crate) machine: Machine,
    executable: bool,
    /// The loader that it needs, where the beginning of the file says so.
    pub(crate) loader: Option<PathBuf>,
}

impl Program {
    /// What the beginning of a file says; `None` if that is damaged.
    pub(crate) fn read(head: &[u8]) -> Option<Self> {
        match FileKind::parse(head).ok()? {
            FileKind::Elf32 => read_headers(FileHeader32::<Endianness>::parse(head).ok()?, head),
            FileKind::Elf64 => read_headers(FileHeader64::<Endianness>::parse(head).ok()?, head),
            _ => None,
        }
    }

    /// Why the kernel itself would refuse it, whatever the machine.
    pub(crate) fn fault(&self) -> Option<StartProblem> {
        (!self.executable).then(|| {
            let (what, hint) = (
                "it is an object file or a core dump",
                "name the program that was linked",
            );
            StartProblem::new(what, hint)
        })
    }

    /// Why this machine cannot execute it by itself.
    pub(crate) fn foreign(&self, own: Machine) -> Option<StartProblem> {
        // A 64-bit kernel often executes the 32-bit programs of its family.
        let related = [(EM_X86_64, EM_386), (EM_AARCH64, EM_ARM)].contains(&(own, self.machine));
        (self.machine != own && !related).then(|| {
            StartProblem::new(
                format!(
                    "it is a program for {}, and this machine is {}",
                    machine_name(self.machine),
                    machine_name(own)
                ),
                "build or install it for this machine",
            )
        })
    }
}

/// What to say of a file that begins like a program and cannot be read as one.
pub(crate) fn damaged() -> StartProblem {
    StartProblem::new(
        "it is a damaged program: its headers cannot be read",
        "was it written to its end? Copy or build it once more",
    )
}

fn read_headers<H: FileHeader<Endian = Endianness>>(header: &H, head: &[u8]) -> Option<Program> {
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, head).unwrap_or_default();
    let loader = segments
        .iter()
        .find_map(|segment| segment.interpreter(endian, head).ok().flatten());
    Some(Program {
        machine: header.e_machine(endian),
        executable: [ET_EXEC, ET_DYN].contains(&header.e_type(endian)),
        loader: loader.map(|path| PathBuf::from(OsStr::from_bytes(path))),
    })
}

fn machine_name(machine: Machine) -> String {
    match machine {
        EM_386 => "x86 (32 bits)".to_owned(),
        EM_X86_64 => "x86-64".to_owned(),
        EM_ARM => "ARM (32 bits)".to_owned(),
        EM_AARCH64 => "AArch64".to_owned(),
        EM_RISCV => "RISC-V".to_owned(),
        EM_PPC64 => "PowerPC (64 bits)".to_owned(),
        EM_S390 => "S/390".to_owned(),
        Machine(other) => format!("another kind of machine ({other})"),
    }
}
