//! The artifact: what is saved loads again, and what is damaged is refused.

use cresset_ir::op::find;
use cresset_ir::program::Entry;
use cresset_ir::{Builder, Code, DType, Dim, Facts, Kind, Program, Range, Sym, Tree, Type, codes};
use cresset_runtime::{Tensor, artifact};
use indexmap::IndexMap;
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// `forward(x: f32[B, 3]) = x + fc.bias`.
fn program() -> Program {
    let facts = Facts { ranges: [(Sym::new("B"), Range { min: 1, max: Some(64) })].into() };
    let mut b = Builder::new("forward", facts);
    let x = b.input("x", Type::new(DType::F32, [Dim::sym("B"), 3i64.into()]));
    let bias = b.stored("fc.bias", Type::of(DType::F32, &[3]));
    let y = b.op(find("add").unwrap(), &[x, bias], &[]).unwrap();
    let (graph, facts) = b.finish(vec![y], Tree::Leaf);
    let mut program = Program { name: "Net".into(), facts, ..Program::default() };
    program.store.insert("fc.bias".into(), Entry { kind: Kind::Param, ty: Type::of(DType::F32, &[3]) });
    program.store.insert("steps".into(), Entry { kind: Kind::Buffer, ty: Type::scalar(DType::I64) });
    program.methods.insert("forward".into(), graph);
    program
}

fn weights() -> IndexMap<String, Tensor> {
    let bias = Tensor::from_slice(&[3], &[1.0f32, 2.0, 3.0]).unwrap();
    [("fc.bias".into(), bias), ("steps".into(), Tensor::scalar(7i64).unwrap())].into()
}

fn saved() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cst");
    artifact::save(&path, &program(), &weights()).unwrap();
    (folder, path)
}

fn bytes() -> Vec<u8> {
    std::fs::read(saved().1).unwrap()
}

fn entries() -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(bytes())).unwrap();
    let read = |i| {
        let mut entry = zip.by_index(i).unwrap();
        let mut data = vec![];
        entry.read_to_end(&mut data).unwrap();
        (entry.name().unwrap().into_owned(), data)
    };
    (0..3).map(read).collect()
}

fn pack(entries: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    for (name, data) in entries {
        zip.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The artifact with one entry's text changed, checksums in order.
fn edited(entry: &str, edit: impl Fn(&str) -> String) -> Vec<u8> {
    let mut all = entries();
    let data = &mut all.iter_mut().find(|e| e.0 == entry).unwrap().1;
    *data = edit(std::str::from_utf8(data).unwrap()).into_bytes();
    pack(&all, CompressionMethod::Stored)
}

#[test]
fn what_is_saved_loads_again() {
    let (_folder, path) = saved();
    let (program, tensors) = artifact::load(&path).unwrap();
    assert_eq!(program.to_string(), self::program().to_string());
    assert_eq!(tensors, weights());
    // The weights are the file's own bytes, on a cache line.
    assert_eq!(tensors["steps"].as_ptr() as usize % 64, 0);
    let again = path.with_file_name("again.cst");
    artifact::save(&again, &program, &tensors).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(again).unwrap());
}

#[test]
fn it_is_a_plain_zip() {
    let all = entries();
    let names: Vec<&str> = all.iter().map(|e| e.0.as_str()).collect();
    assert_eq!(names, ["manifest.json", "program.ir", "weights.safetensors"]);
    let manifest: serde_json::Value = serde_json::from_slice(&all[0].1).unwrap();
    assert_eq!(manifest["methods"]["forward"]["inputs"][0]["type"], "f32[B, 3]");
    // Packed again by other tools, compressed or not, it still loads.
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        assert_eq!(artifact::parse("m.cst", &pack(&all, method)).unwrap().1, weights());
    }
}

fn refuse(bytes: &[u8], code: Code, text: &str) {
    let error = artifact::parse("m.cst", bytes).expect_err("the artifact is refused");
    assert_eq!(error.code(), code, "{error:?}");
    assert!(error.message().contains(text), "{error:?}");
}

#[test]
fn what_is_no_artifact_is_refused() {
    refuse(b"", codes::CORRUPT_FILE, "m.cst");
    refuse(b"PK is no zip", codes::CORRUPT_FILE, "m.cst");
    refuse(&pack(&[], CompressionMethod::Stored), codes::UNKNOWN_FORMAT, "no manifest.json");
    for missing in 1..3 {
        let mut rest = entries();
        let (name, _) = rest.remove(missing);
        refuse(&pack(&rest, CompressionMethod::Stored), codes::CORRUPT_FILE, &format!("no entry '{name}'"));
    }
    let manifest = |from: &'static str, to: &'static str| edited("manifest.json", move |t| t.replace(from, to));
    refuse(&manifest("\"cresset\"", "\"other\""), codes::UNKNOWN_FORMAT, "format");
    refuse(&manifest("\"version\": 1", "\"version\": 2"), codes::UNSUPPORTED_FILE, "version 2");
    refuse(&manifest("\"version\": 1", "\"version\": -1"), codes::CORRUPT_FILE, "no version");
    refuse(&manifest("{", "["), codes::CORRUPT_FILE, "not valid JSON");
}

#[test]
fn programs_are_verified_and_weights_compared() {
    let program = |from: &'static str, to: &'static str| edited("program.ir", move |t| t.replace(from, to));
    refuse(&program("add(", "bad("), codes::IR_UNKNOWN, "bad");
    refuse(&program("f32[3]", "f32[4]"), codes::SHAPE_MISMATCH, "sizes 3 and 4 differ");
    refuse(&program("i64[]", "i32[]"), codes::MISSING_WEIGHT, "@steps is declared i32[], the tensor given is i64[]");
    refuse(&program("buffer @steps: i64[]", ""), codes::CORRUPT_FILE, "declares no 'steps'");
    refuse(&program("buffer @steps", "buffer @step"), codes::CORRUPT_FILE, "declares no 'steps'");
}

#[test]
fn an_entry_that_comes_twice_is_refused() {
    let mut all = entries();
    all.push(("program.iR".into(), b"program Other {\n}\n".to_vec()));
    let mut twice = pack(&all, CompressionMethod::Stored);
    let places: Vec<usize> = twice.windows(10).enumerate().filter(|(_, w)| *w == b"program.iR").map(|(i, _)| i).collect();
    assert_eq!(places.len(), 2);
    places.into_iter().for_each(|i| twice[i..i + 10].copy_from_slice(b"program.ir"));
    refuse(&twice, codes::CORRUPT_FILE, "twice");
}

#[test]
fn saving_checks_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    let error = artifact::save(&folder.path().join("m.cst"), &program(), &IndexMap::new()).unwrap_err();
    assert_eq!(error.message(), "no tensor was given for @fc.bias: f32[3]");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Damaged bytes, and damaged texts in an intact archive, give a program with its weights or a diagnostic.
    #[test]
    fn damaged_artifacts_never_panic(
        inside in any::<bool>(),
        entry in 0..3usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut all = entries();
        let mut whole = bytes();
        let target = if inside { &mut all[entry].1 } else { &mut whole };
        for (at, byte) in edits {
            let at = at.index(target.len());
            target[at] = byte;
        }
        if let Some(cut) = cut {
            target.truncate(cut.index(target.len()));
        }
        let damaged = if inside { pack(&all, CompressionMethod::Stored) } else { whole };
        if let Ok((program, tensors)) = artifact::parse("m.cst", &damaged) {
            prop_assert_eq!(program.store.len(), tensors.len());
        }
    }
}
