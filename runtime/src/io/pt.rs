//! pt: checkpoints of `torch.save` (a zip with a pickle and storages), and TorchScript archives, as state dicts.
//!
//! What becomes the state dict: the dict of tensors at the top; or, in a training checkpoint, the one entry of `WRAPPERS` that
//! is a dict of tensors; or a TorchScript module's tensors by their dotted names; or, for a tensor or a sequence of them, the
//! names `0`, `1`, ... Whatever else the top holds is extra.

use super::file::DataFile;
use super::pickle::{Id, Node};
use super::rebuild::{MAX_DEPTH, Rebuilder};
use super::state_dict::StateDict;
use super::unpickler::unpickle;
use super::zip::Archive;
use cresset_ir::{Diagnostic, Result, codes};

const PICKLE: &str = "data.pkl";

/// The largest pickle that is read; the tensors' bytes are not in it.
const MAX_PICKLE: usize = 64 << 20;

/// The longest name of a tensor.
const MAX_NAME: usize = 4096;

/// Where training loops keep the model's state dict.
const WRAPPERS: [&str; 4] = ["state_dict", "model_state_dict", "model", "module"];

/// How the legacy format of `torch.save` begins: a pickled magic number.
const LEGACY: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/// Whether the archive was written by `torch.save` or `torch.jit.save`.
pub fn recognise(archive: &Archive) -> bool {
    folder(archive).is_some()
}

/// The folder that holds the pickle, with its slash.
fn folder(archive: &Archive) -> Option<&str> {
    archive.names().filter_map(|n| n.strip_suffix(PICKLE)).find(|f| f.is_empty() || f.find('/') == Some(f.len() - 1))
}

/// Refuses a file that is a pickle and not an archive of one, and says how to convert it.
pub fn refuse_bare_pickle(file: &DataFile) -> Diagnostic {
    let body = file.bytes().get(2..).unwrap_or(&[]);
    if body.starts_with(LEGACY) {
        return file
            .unsupported("this is the format in which torch.save wrote before PyTorch 1.6")
            .hint("save it again with a current PyTorch: torch.save(torch.load(path, weights_only=True), path)");
    }
    file.unsupported("this is a bare pickle, not a checkpoint of torch.save").hint("save it with torch.save(state_dict, path)")
}

/// The state dict of an archive.
pub fn read(archive: &Archive) -> Result<StateDict> {
    let file = &archive.file;
    let folder = folder(archive).ok_or_else(|| file.corrupt(format!("the archive has no entry {PICKLE}")))?;
    little_endian(archive, folder)?;
    let section = archive.section(&format!("{folder}{PICKLE}"))?;
    if section.len > MAX_PICKLE {
        return Err(file.excessive(format!("{PICKLE} has {} bytes; at most {MAX_PICKLE} are read", section.len)));
    }
    let scripted = archive.contains(&format!("{folder}constants.pkl"));
    let pickle = unpickle(file, PICKLE, section.bytes(), scripted)?;
    let mut rebuilder = Rebuilder::new(archive, folder, &pickle);
    let mut found = StateDict::default();
    collect(&mut rebuilder, &mut found, scripted)?;
    Ok(found)
}

/// Refuses an archive of a big-endian machine.
fn little_endian(archive: &Archive, folder: &str) -> Result<()> {
    let entry = format!("{folder}byteorder");
    if archive.contains(&entry) && archive.section(&entry)?.bytes() != b"little" {
        return Err(archive.file.unsupported("the checkpoint was saved in big-endian byte order; little is read"));
    }
    Ok(())
}

fn collect(from: &mut Rebuilder, found: &mut StateDict, scripted: bool) -> Result<()> {
    let (pickle, root) = (from.pickle, from.pickle.root);
    match &pickle[root] {
        Node::Dict(pairs) => top_dict(from, pairs, found),
        Node::Call { .. } if from.is_tensor(root) => insert_tensor(from, "0".to_string(), root, found),
        Node::Call { .. } if scripted => script_module(from, root, "", MAX_DEPTH, found),
        Node::List(items) | Node::Tuple(items) if !items.is_empty() && items.iter().all(|&i| from.is_tensor(i)) => {
            items.iter().enumerate().try_for_each(|(i, &id)| insert_tensor(from, i.to_string(), id, found))
        }
        _ => Err(no_tensors(from, "the checkpoint is neither a dict nor a tensor nor a list of tensors")),
    }
}

fn top_dict(from: &mut Rebuilder, pairs: &[(Id, Id)], found: &mut StateDict) -> Result<()> {
    let inside = wrapped(from, pairs);
    for &(key, value) in pairs {
        let name = named(from, key)?;
        match from.pickle.dict(value) {
            Some(inner) if inside == Some(value) => {
                for &(key, value) in inner {
                    let name = named(from, key)?;
                    insert_tensor(from, name, value, found)?;
                }
            }
            None if inside.is_none() && from.is_tensor(value) => insert_tensor(from, name, value, found)?,
            _ => drop(found.extra.insert(name.clone(), from.value(value, &name)?)),
        }
    }
    if found.tensors.is_empty() && !pairs.is_empty() && inside.is_none() {
        let keys: Vec<_> = found.extra.keys().take(8).map(|k| format!("'{k}'")).collect();
        return Err(no_tensors(from, &format!("the checkpoint is a dict without tensors; its keys are {}", keys.join(", "))));
    }
    Ok(())
}

/// The one wrapped dict of tensors, if exactly one is there.
fn wrapped(from: &Rebuilder, pairs: &[(Id, Id)]) -> Option<Id> {
    let holds_tensors = |id: &Id| {
        let inner = from.pickle.dict(*id).unwrap_or(&[]);
        !inner.is_empty() && inner.iter().all(|&(key, value)| from.pickle.str(key).is_some() && from.is_tensor(value))
    };
    let last = |wrapper| pairs.iter().rev().find(|(key, _)| from.pickle.str(*key) == Some(wrapper));
    let mut candidates = WRAPPERS.into_iter().filter_map(last).map(|&(_, value)| value).filter(holds_tensors);
    candidates.next().filter(|_| candidates.next().is_none())
}

/// The tensors among a TorchScript object's attributes, and those of the modules it holds.
fn script_module(from: &mut Rebuilder, id: Id, prefix: &str, depth: usize, found: &mut StateDict) -> Result<()> {
    from.spend(prefix, depth)?;
    let pickle = from.pickle;
    let Node::Call { state: Some(state), .. } = pickle[id] else { return Ok(()) };
    for &(key, value) in pickle.dict(state).unwrap_or(&[]) {
        let name = format!("{prefix}{}", named(from, key)?);
        match &pickle[value] {
            Node::Call { .. } if from.is_tensor(value) => insert_tensor(from, name, value, found)?,
            Node::Call { .. } => script_module(from, value, &format!("{name}."), depth - 1, found)?,
            // Flags and numbers that `forward` uses; the code that reads them is not executed here.
            _ => {}
        }
    }
    Ok(())
}

fn insert_tensor(from: &mut Rebuilder, name: String, id: Id, found: &mut StateDict) -> Result<()> {
    let tensor = from.tensor(id, &name)?;
    let tensor = tensor.ok_or_else(|| from.archive.file.corrupt(format!("the parameter '{name}' holds no tensor")))?;
    found.tensors.insert(name, tensor);
    Ok(())
}

fn named(from: &mut Rebuilder, key: Id) -> Result<String> {
    let Some(name) = from.pickle.str(key) else {
        return Err(no_tensors(from, "the checkpoint is a dict whose keys are not strings"));
    };
    if name.len() > MAX_NAME {
        return Err(from.archive.file.excessive(format!("a key has {} bytes; at most {MAX_NAME} are read", name.len())));
    }
    from.spend(name, MAX_DEPTH)?;
    Ok(name.to_string())
}

fn no_tensors(from: &Rebuilder, what: &str) -> Diagnostic {
    from.archive.file.error(codes::NO_TENSORS, what).hint("save the tensors by name: torch.save(model.state_dict(), path)")
}
