//! A block of a graph as petgraph sees it, for the classical algorithms: made when it is needed, and thrown away.
//!
//! The order of operands, nested blocks and several results of a node belong to our own [`Graph`]; a view knows nodes and who reads whom.

use crate::graph::{Block, Graph, NodeId, Value};
use petgraph::graphmap::DiGraphMap;

/// Who reads whom: an edge goes from the node that makes a value to each node that reads it.
pub type Reads = DiGraphMap<NodeId, ()>;

/// The nodes of a block. What nested blocks read is read by the node that holds them.
pub fn reads(graph: &Graph, block: &Block) -> Reads {
    view(graph, block.nodes.iter().map(|&id| (id, operands(graph, id))))
}

/// The view of nodes that read the values given with them.
pub fn view(graph: &Graph, nodes: impl IntoIterator<Item = (NodeId, Vec<Value>)>) -> Reads {
    let mut view = Reads::new();
    for (id, reads) in nodes {
        view.add_node(id);
        for producer in reads.into_iter().filter_map(|v| graph.producer(v)) {
            view.add_edge(producer, id, ());
        }
    }
    view
}

/// What a node reads, its blocks included.
pub fn operands(graph: &Graph, id: NodeId) -> Vec<Value> {
    let node = graph.node(id);
    let nested =
        node.blocks.iter().flat_map(|b| b.nodes.iter().flat_map(|&n| operands(graph, n)).chain(b.results.iter().copied()));
    node.operands.iter().copied().chain(nested).collect()
}
