//! Bad input: every file and every command line here ends in a diagnostic with a code, a place and a hint, never in a panic.
//!
//! A source in `tests/bad` says in its first line what is wrong and in its second how it is run. Data files that are wrong are made here,
//! a few bytes each.

use super::command::{Ran, cresset, tests};
use std::fs;
use std::path::Path;

/// Compares a diagnostic with the snapshot of this name.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../bad/rendered");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn sources() {
    let dir = tests("bad");
    let entries = fs::read_dir(&dir).expect("the folder can be read");
    let mut paths: Vec<_> = entries.map(|e| e.expect("the folder can be read").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "py"));
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path).expect("the file can be read");
        let line = text.lines().nth(1).and_then(|l| l.strip_prefix("# $ cresset ")).expect("the second line is the command");
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let ran = cresset(&dir, &line.split(' ').collect::<Vec<_>>());
        snapshot(&name, &format!("$ cresset {line}\n{}", ran.refused()));
    }
}

/// A model, the data of the trained ones beside it, and room for files that are wrong.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Room {
        let dir = tempfile::tempdir().expect("a folder for files");
        for file in ["digits/digits_cnn.py", "digits/digits_cnn.safetensors", "digits/digits_cnn.pt", "digits/test.safetensors"] {
            let name = file.rsplit('/').next().expect("a path has a last part");
            fs::copy(tests("data").join(file), dir.path().join(name)).expect("the data is there");
        }
        Room(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).expect("the folder is writable");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).expect("the file is there")
    }

    fn run(&self, line: &str) -> Ran {
        cresset(self.path(), &line.split(' ').collect::<Vec<_>>())
    }

    fn refuses(&self, name: &str, line: &str) {
        snapshot(name, &format!("$ cresset {line}\n{}", self.run(line).refused()));
    }
}

const CHECK: &str = "check digits_cnn.py:DigitsCnn() --input-spec images=f32[1,1,8,8]";
const RUN: &str = "run digits_cnn.py:DigitsCnn() --weights digits_cnn.safetensors --input-spec images=f32[B,1,8,8]";

#[test]
fn weights_that_do_not_fit() {
    let room = Room::new();
    let data = tests("data/chargpt/chargpt.safetensors");
    fs::copy(data, room.path().join("chargpt.safetensors")).expect("the data is there");
    room.refuses(
        "weights_mismatched",
        "check digits_cnn.py:DigitsCnn(8) --input-spec images=f32[1,1,8,8] --weights digits_cnn.safetensors",
    );
    room.refuses("weights_of_another_model", &format!("{CHECK} --weights chargpt.safetensors"));
    room.refuses("weights_not_there", &format!("{CHECK} --weights nowhere.safetensors"));
}

#[test]
fn safetensors_that_lie() {
    let room = Room::new();
    let whole = room.read("digits_cnn.safetensors");
    room.write("half.safetensors", &whole[..whole.len() / 2]);
    room.refuses("safetensors_truncated", &format!("{CHECK} --weights half.safetensors"));
    for (name, header) in [
        ("safetensors_outside", r#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,4000000000]}}"#),
        ("safetensors_overflow", r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,16]}}"#),
        ("safetensors_no_json", r#"{"w":{"dtype":"F32","shape":[4"#),
        ("safetensors_complex", r#"{"w":{"dtype":"C64","shape":[2],"data_offsets":[0,16]}}"#),
    ] {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([0; 16]);
        room.write("lie.safetensors", &bytes);
        room.refuses(name, &format!("{CHECK} --weights lie.safetensors"));
    }
    room.write("long.safetensors", &[u64::MAX.to_le_bytes().as_slice(), b"{\"a\":1}"].concat());
    room.refuses("safetensors_header_too_long", &format!("{CHECK} --weights long.safetensors"));
    room.write("noise.safetensors", b"these are no tensors");
    room.refuses("weights_unknown_format", &format!("{CHECK} --weights noise.safetensors"));
}

#[test]
fn archives_that_lie() {
    let room = Room::new();
    let whole = room.read("digits_cnn.pt");
    room.write("half.pt", &whole[..whole.len() / 2]);
    room.refuses("zip_truncated", &format!("{CHECK} --weights half.pt"));
    // cposix\nsystem\n(S'echo'\ntR. : what an attacker writes into a checkpoint.
    let pickle = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00echo\x85R.";
    room.write("attack.pt", &archive(&[("archive/data.pkl", pickle), ("archive/version", b"3\n")]));
    room.refuses("pickle_names_system", &format!("{CHECK} --weights attack.pt"));
    room.write("bare.pt", pickle);
    room.refuses("pickle_without_archive", &format!("{CHECK} --weights bare.pt"));
}

/// A zip of stored entries, by hand.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (vec![], vec![]);
    let half = |v: &mut Vec<u8>, n: usize| v.extend((n as u16).to_le_bytes());
    let word = |v: &mut Vec<u8>, n: usize| v.extend((n as u32).to_le_bytes());
    for (name, data) in entries {
        let (at, crc) = (out.len(), crc32(data) as usize);
        let common = |v: &mut Vec<u8>| {
            [20, 0, 0, 0, 0].iter().for_each(|&n| half(v, n));
            [crc, data.len(), data.len()].iter().for_each(|&n| word(v, n));
            [name.len(), 0].iter().for_each(|&n| half(v, n));
        };
        out.extend(b"PK\x03\x04");
        common(&mut out);
        out.extend(name.as_bytes());
        out.extend(*data);
        directory.extend(b"PK\x01\x02\x14\x00");
        common(&mut directory);
        [0, 0, 0].iter().for_each(|&n| half(&mut directory, n));
        [0, at].iter().for_each(|&n| word(&mut directory, n));
        directory.extend(name.as_bytes());
    }
    let (at, size) = (out.len(), directory.len());
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    [0, 0, entries.len(), entries.len()].iter().for_each(|&n| half(&mut out, n));
    [size, at].iter().for_each(|&n| word(&mut out, n));
    half(&mut out, 0);
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
    })
}

/// An array by hand; its header is padded to 64 bytes.
fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
    [b"\x93NUMPY\x01\x00\x76\x00", format!("{header:<117}\n").as_bytes(), data].concat()
}

#[test]
fn inputs_that_do_not_fit() {
    let room = Room::new();
    let npy = |dtype: &str, shape: &str, bytes: usize| npy(dtype, shape, &vec![0; bytes]);
    let tensors = |entries: &[(&str, &[u8])]| archive(entries);
    room.write("named.npz", &tensors(&[("pictures.npy", &npy("<f4", "1, 1, 8, 8", 256))]));
    room.refuses("input_of_another_name", &format!("{RUN} --inputs named.npz"));
    room.write("typed.npz", &tensors(&[("images.npy", &npy("<i8", "1, 1, 8, 8", 512))]));
    room.refuses("input_of_another_dtype", &format!("{RUN} --inputs typed.npz"));
    room.write("shaped.npz", &tensors(&[("images.npy", &npy("<f4", "1, 3, 8, 8", 768))]));
    room.refuses("input_of_another_shape", &format!("{RUN} --inputs shaped.npz"));
    room.write("ranked.npz", &tensors(&[("images.npy", &npy("<f4", "8, 8", 256))]));
    room.refuses("input_of_another_rank", &format!("{RUN} --inputs ranked.npz"));
    room.write("surplus.npz", &tensors(&[("images.npy", &npy("<f4", "1, 1, 8, 8", 256)), ("more.npy", &npy("<f4", "1", 4))]));
    room.refuses("input_too_many", &format!("{RUN} --inputs surplus.npz"));
    room.write("short.npy", &npy("<f4", "1, 1, 8, 8", 100));
    room.refuses("npy_truncated", &format!("{RUN} --inputs short.npy"));
    room.write("object.npy", &npy("|O", "1", 8));
    room.refuses("npy_of_objects", &format!("{RUN} --inputs object.npy"));
}

#[test]
fn tokens_that_there_are_not() {
    let room = Room::new();
    for file in ["chargpt.py", "chargpt.safetensors"] {
        fs::copy(tests("data/chargpt").join(file), room.path().join(file)).expect("the data is there");
    }
    let model = "chargpt.py:CharGpt() --weights chargpt.safetensors --input-spec tokens=i64[B,T]";
    room.write("tokens.npy", &npy("<i8", "1, 4", &[3i64, 95, 200, 7].map(i64::to_le_bytes).concat()));
    room.refuses("token_of_no_vocabulary", &format!("run {model} --inputs tokens.npy"));
    room.run(&format!("compile {model} -o chargpt.cst")).ok();
    room.refuses("token_of_no_vocabulary_artifact", "run chargpt.cst --inputs tokens.npy");
}

#[test]
fn artifacts_that_lie() {
    let room = Room::new();
    room.write("noise.cst", b"this is no artifact");
    room.refuses("artifact_of_noise", "run noise.cst");
    room.refuses("artifact_not_there", "run nowhere.cst");
    room.run("compile digits_cnn.py:DigitsCnn() --weights digits_cnn.safetensors --input-spec images=f32[B,1,8,8] -o whole.cst")
        .ok();
    let whole = room.read("whole.cst");
    room.write("half.cst", &whole[..whole.len() / 2]);
    room.refuses("artifact_truncated", "run half.cst");
    // A type in the text of the IR is changed: the sizes no longer agree with what the ops infer.
    let mut changed = whole.clone();
    let at = whole.windows(14).position(|w| w == b"f32[B, 16, 8, ").expect("the IR is stored as text");
    changed[at + 7] = b'9';
    room.write("changed.cst", &changed);
    room.refuses("artifact_changed", "run changed.cst");
    room.refuses("artifact_and_weights", "run whole.cst --weights digits_cnn.safetensors");
}

#[test]
fn options_that_make_no_sense() {
    let room = Room::new();
    room.refuses("model_not_there", "check nowhere.py:Net()");
    room.refuses("model_is_a_folder", "check .");
    room.refuses("option_spec", "check digits_cnn.py:DigitsCnn() --input-spec images=f32[1,1,8");
    room.refuses("option_spec_dtype", "check digits_cnn.py:DigitsCnn() --input-spec images=c128[1,1,8,8]");
    room.refuses("option_dim", "check digits_cnn.py:DigitsCnn() --input-spec images=f32[B,1,8,8] --dim B=9..2");
    room.refuses("option_after", &format!("{} --stage optimised --after inlining", CHECK.replace("check", "dump")));
    room.refuses("option_method", &format!("{CHECK} --method backward"));
    room.refuses("dot_of_kernels", &format!("{} --stage kernel --format dot", CHECK.replace("check", "dump")));
    room.refuses("output_not_writable", &format!("{RUN} --output nowhere/out.safetensors"));
    room.refuses("output_unknown_format", &format!("{RUN} --output out.txt"));
    room.refuses("explain_unknown", "explain E9999");
    room.refuses("ops_unknown", "ops convolve");
}

/// What the command line itself refuses: status 2, as of any command.
#[test]
fn usage() {
    let room = Room::new();
    for (name, line) in [
        ("usage_device", "run digits_cnn.py --device cuda"),
        ("usage_stage", "dump digits_cnn.py --stage optimized"),
        ("usage_later_flag", "run digits_cnn.py --precision bf16"),
        ("usage_command", "train digits_cnn.py"),
        ("usage_step", "dump digits_cnn.py --stage optimised --step 3"),
    ] {
        let ran = room.run(line);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
        snapshot(name, &format!("$ cresset {line}\n{}", ran.stderr));
    }
}
