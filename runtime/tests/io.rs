//! Data files, read and written: every format and dtype, PyTorch's own files, and files that must be refused.

use cresset_ir::{DType, Result};
use cresset_runtime::{StateDict, Tensor, Value, load_tensors, parse_tensors, save_tensors, with_element};
use indexmap::IndexMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A file of `tests/files`, made by `make.py`.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// A file of the trained models that the whole project tests with.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name)
}

fn load(name: &str) -> StateDict {
    load_tensors(&file(name)).unwrap()
}

fn check(tensor: &Tensor, dtype: DType, shape: &[usize], values: &[f64]) {
    assert_eq!((tensor.dtype(), tensor.shape()), (dtype, shape));
    assert_eq!(tensor.values().collect::<Vec<_>>(), values);
}

/// The rendered error, with the folder cut off.
fn refusal(result: Result<StateDict>) -> String {
    result.expect_err("the file is refused").to_string().replace(&format!("{}/", file("").display()).replace("//", "/"), "")
}

fn check_refused(name: &str, expected: &str) {
    assert_eq!(refusal(load_tensors(&file(name))), expected);
}

/// Tensors of every dtype, and shapes with 0 and without dimensions.
fn zoo() -> IndexMap<String, Tensor> {
    let mut zoo = IndexMap::new();
    for dtype in DType::all() {
        let values = Tensor::from_slice(&[2, 3], &[0i64, 1, 2, 3, 100, 1]).unwrap();
        zoo.insert(format!("z.{dtype}"), values.cast(dtype).unwrap());
    }
    zoo.insert("scalar".into(), Tensor::scalar(-1.5f64).unwrap());
    zoo.insert("empty".into(), Tensor::zeros(DType::I16, &[0, 4]).unwrap());
    zoo
}

#[test]
fn safetensors_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zoo.safetensors");
    save_tensors(&path, &zoo()).unwrap();
    let back = load_tensors(&path).unwrap().tensors;
    assert_eq!(back.len(), zoo().len());
    for (name, tensor) in zoo() {
        assert_eq!(back[&name], tensor, "{name}");
    }
    // The order of the map does not show in the file; and a mapped file can be replaced.
    let first = std::fs::read(&path).unwrap();
    let mut reversed = zoo();
    reversed.reverse();
    save_tensors(&path, &reversed).unwrap();
    assert_eq!(first, std::fs::read(&path).unwrap());
    assert_eq!(back["z.f32"], zoo()["z.f32"]);
}

#[cfg(unix)]
#[test]
fn writing_to_a_link_replaces_what_it_points_to() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("real.npz"), folder.path().join("link.npz"));
    save_tensors(&path, &IndexMap::new()).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let one = IndexMap::from([("w".to_string(), Tensor::scalar(1u8).unwrap())]);
    save_tensors(&link, &one).unwrap();
    assert!(link.is_symlink());
    assert_eq!(load_tensors(&path).unwrap().tensors, one);
}

#[test]
fn npz_and_npy_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = zoo();
    tensors.shift_remove("z.bf16");
    let path = folder.path().join("zoo.npz");
    save_tensors(&path, &tensors).unwrap();
    assert_eq!(load_tensors(&path).unwrap().tensors, tensors);
    for tensor in tensors.into_values() {
        let path = folder.path().join("one.npy");
        let one = IndexMap::from([("0".to_string(), tensor)]);
        save_tensors(&path, &one).unwrap();
        assert_eq!(load_tensors(&path).unwrap().tensors, one);
    }
}

#[test]
fn an_empty_set_of_tensors_is_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["none.safetensors", "none.npz"] {
        let path = folder.path().join(name);
        save_tensors(&path, &IndexMap::new()).unwrap();
        assert!(load_tensors(&path).unwrap().tensors.is_empty());
    }
}

#[test]
fn every_dtype_of_pytorch_and_numpy() {
    for name in ["dtypes.pt", "dtypes_protocol4.pt", "deflated.pt", "dtypes.npz"] {
        let tensors = load(name).tensors;
        assert_eq!(tensors.len(), if name == "dtypes.npz" { 9 } else { 10 });
        for (dtype, tensor) in &tensors {
            let dtype = DType::parse(dtype).unwrap();
            check(tensor, dtype, &[3], &[0.0, 1.0, if dtype == DType::Bool { 1.0 } else { 2.0 }]);
            with_element!(dtype, T => assert_eq!(tensor.as_slice::<T>().unwrap().len(), 3));
        }
    }
}

#[test]
fn views_are_gathered_and_ties_kept() {
    let t = load("views.pt").tensors;
    let f32 = |name: &str, shape: &[usize], values: &[f64]| check(&t[name], DType::F32, shape, values);
    f32("transposed", &[4, 3], &[0., 4., 8., 1., 5., 9., 2., 6., 10., 3., 7., 11.]);
    f32("column", &[3], &[1., 5., 9.]);
    f32("tail", &[4], &[8., 9., 10., 11.]);
    f32("step", &[3], &[1., 6., 11.]);
    f32("expanded", &[2, 3], &[2.; 6]);
    f32("scalar", &[], &[7.]);
    f32("empty", &[0], &[]);
    check(&t["mask"], DType::Bool, &[4, 3], &[0., 0., 1., 0., 0., 1., 0., 1., 1., 0., 1., 1.]);
    f32("tied.a", &[2], &[1., 2.]);
    assert!(t["tied.a"].shares_bytes_with(&t["tied.b"]));
    assert_eq!(t["tail"].as_ptr(), t["grid"].as_ptr().wrapping_add(32));
}

#[test]
fn a_checkpoint_gives_its_model_and_keeps_the_rest() {
    let StateDict { tensors, extra } = load("checkpoint.pt");
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["weight", "bias"]);
    check(&tensors["weight"], DType::F32, &[1, 2], &[0.5, -0.5]);
    assert_eq!((&extra["epoch"], &extra["loss"], &extra["none"]), (&Value::Int(3), &Value::Float(0.5), &Value::None));
    assert_eq!(extra["shape"], Value::Tuple(vec![Value::Int(2), Value::Int(1)]));
    assert_eq!(extra["tags"], Value::List(vec![Value::Str("a".into())]));
    assert_eq!(extra["dtype"], Value::Name("torch.float32".into()));
    assert!(matches!(&extra["optimizer"], Value::Dict(pairs) if pairs.len() == 2));
    assert!(matches!(&extra["device"], Value::Call { callee, .. } if callee == "torch.device"));
}

#[test]
fn tensors_without_names_are_numbered() {
    check(&load("tensor.pt").tensors["0"], DType::I64, &[2], &[4.0, 5.0]);
    check(&load("list.pt").tensors["1"], DType::I64, &[], &[2.0]);
    check(&load("fortran.npy").tensors["0"], DType::F32, &[2, 3], &[0., 1., 2., 3., 4., 5.]);
    check(&load("big_endian.npy").tensors["0"], DType::F64, &[3], &[0., 1., 2.]);
    check(&load("version3.npy").tensors["0"], DType::F64, &[], &[2.5]);
    check(&load("deflated.npz").tensors["ramp"], DType::I64, &[5], &[0., 1., 2., 3., 4.]);
}

#[test]
fn trained_models_read_the_same_from_every_format() {
    let expected = load_tensors(&data("digits/digits_cnn.safetensors")).unwrap().tensors;
    for name in ["digits/digits_cnn.pt", "digits/digits_cnn_torchscript.pt"] {
        let tensors = load_tensors(&data(name)).unwrap().tensors;
        assert_eq!(tensors.len(), expected.len(), "{name}");
        for (key, tensor) in &expected {
            assert_eq!(&tensors[key], tensor, "{name}: {key}");
        }
    }
}

#[test]
fn what_is_not_data_is_refused() {
    check_refused(
        "hostile.pt",
        "error[E0406]: hostile.pt: data.pkl wants os.system, which is not on the list of what a checkpoint may name",
    );
    check_refused(
        "module.pt",
        "error[E0406]: module.pt: data.pkl wants torch.nn.modules.linear.Linear, which is not on the list of what a checkpoint may name",
    );
    check_refused("complex.pt", "error[E0302]: complex.pt: tensor 'w' has the dtype torch.complex128");
    check_refused("uint16.pt", "error[E0302]: uint16.pt: tensor 'w' has the dtype torch.uint16");
    check_refused(
        "numbers.pt",
        "error[E0408]: numbers.pt: the checkpoint is a dict without tensors; its keys are 'epoch', 'best'",
    );
    check_refused("legacy.pt", "error[E0407]: legacy.pt: this is the format in which torch.save wrote before PyTorch 1.6");
    check_refused("bare.pkl", "error[E0407]: bare.pkl: this is a bare pickle, not a checkpoint of torch.save");
    check_refused("complex.npy", "error[E0302]: complex.npy: tensor '0' has the dtype <c8");
    check_refused("make.py", "error[E0403]: make.py: the first bytes belong to no known format");
    check_refused("absent.pt", "error[E0401]: absent.pt cannot be read: no such file or folder");
    assert!(refusal(load_tensors(&file(""))).ends_with("cannot be read: it is a directory"));
    assert!(refusal(load_tensors(&file("record.npy"))).contains("array '0': a dtype that is not a plain one in the header"));
}

#[test]
fn hostile_bytes_are_refused() {
    let parse = |name: &str, bytes: &[u8]| refusal(parse_tensors(name, bytes));
    assert_eq!(parse("w.pt", b""), "error[E0405]: w.pt: the file is empty");
    assert_eq!(
        parse("w.safetensors", &[255; 16]),
        "error[E0405]: w.safetensors: the header is said to have 18446744073709551615 bytes, but only 8 bytes follow its length"
    );
    let whole = std::fs::read(file("dtypes.pt")).unwrap();
    assert!(parse("w.pt", &whole[..whole.len() / 2]).starts_with("error[E0404]: w.pt: the archive is not valid zip"));
}

/// A checkpoint around a pickle, with one storage of 8 bytes.
fn checkpoint(pickle: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [("x/data.pkl", pickle), ("x/data/0", &[0; 8])] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Instructions for the dict {'w': tensor}, a view of that storage as f32.
fn tensor(offset: &[u8], shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let storage = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x02tQ";
    let parts: [&[u8]; 6] =
        [b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n(", storage, offset, shape, strides, b"\x89}tRs."];
    parts.concat()
}

#[test]
fn hostile_checkpoints_are_refused() {
    let check = |pickle: &[u8], expected: &str| assert_eq!(refusal(parse_tensors("x.pt", &checkpoint(pickle))), expected);
    let malformed = "error[E0404]: x.pt: tensor 'w' is not described as PyTorch describes tensors";
    assert!(parse_tensors("x.pt", &checkpoint(&tensor(b"K\x00", b"K\x02\x85", b"K\x01\x85"))).is_ok());
    check(&tensor(b"J\xff\xff\xff\xff", b")", b")"), malformed);
    check(&tensor(b"K\x00", b"K\x02\x85", b")"), malformed);
    check(
        &tensor(b"K\x01", b"K\x02\x85", b"K\x01\x85"),
        "error[E0404]: x.pt: tensor 'w' with offset 1, shape [2] and strides [1] reaches beyond its storage of 8 bytes",
    );
    check(
        &tensor(b"K\x00", b"J\xff\xff\xff\x7f\x85", b"K\x00\x85"),
        "error[E0409]: x.pt: 'w' would expand to 8589934588 bytes, more than a file of 317 bytes explains",
    );
    let most = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
    let shape = [&most[..], most, b"\x86"].concat();
    assert!(refusal(parse_tensors("x.pt", &checkpoint(&tensor(b"K\x00", &shape, &shape)))).contains("more bytes than memory"));
    // A size inside a size inside a size ...
    let deep = [b"ctorch\nSize\nq\x000)".to_vec(), b"q\x010h\x00h\x01\x85R".repeat(200_000)].concat();
    check(&tensor(b"K\x00", &deep, b")"), malformed);
    // A list that holds itself; and one that doubles thirty times.
    check(b"}U\x01w]q\x00h\x00as.", "error[E0407]: x.pt: 'w' is nested more than 64 levels deep");
    let laughs = [b"}U\x01w]".to_vec(), b"q\x000](h\x00h\x00e".repeat(30), b"s.".to_vec()].concat();
    check(&laughs, "error[E0409]: x.pt: 'w' and what came before hold more than 1048576 values");
    check(b"}K\x01K\x02s.", "error[E0408]: x.pt: the checkpoint is a dict whose keys are not strings");
    check(b"K\x01.", "error[E0408]: x.pt: the checkpoint is neither a dict nor a tensor nor a list of tensors");
}

#[test]
fn writing_fails_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let one = IndexMap::from([("w".to_string(), Tensor::zeros(DType::BF16, &[2]).unwrap())]);
    let check = |name: &str, expected: &str| {
        let path = folder.path().join(name);
        let text = save_tensors(&path, &one).unwrap_err().to_string();
        assert_eq!(text.replace(&format!("{}/", folder.path().display()), ""), expected);
        assert!(!path.exists());
    };
    check("w.txt", "error[E0403]: w.txt: the extension names no format that tensors are written in");
    check("w.npz", "error[E0302]: w.npz: tensor 'w' has the dtype bf16, which npy cannot hold");
    check("no/w.safetensors", "error[E0402]: no/w.safetensors cannot be written: no such file or folder");
    // Nothing is left behind.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
