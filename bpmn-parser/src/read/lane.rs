//! Lane sets and lanes, however deeply nested, as two flat lists (BPMN 2.0 section 10.7).

use model_xml::ElementIndex;
use petgraph::graph::NodeIndex;

use super::{A_FLOW_NODE, Reader};
use crate::element_table::Tag;
use crate::model::{Lane, LaneSet, Process};

impl Reader<'_, '_> {
    /// Adds a lane set with its lanes. The recursion is bounded by `Limits::depth`.
    pub(super) fn lane_set(
        &mut self,
        element: ElementIndex,
        scope: Option<NodeIndex>,
        parent_lane: Option<usize>,
        process: &mut Process,
    ) {
        let dom = self.dom;
        let basics = self.basics(element);
        let position = process.lane_sets.len();
        process.lane_sets.push(LaneSet {
            id: self.string(element, "id"),
            name: self.string(element, "name"),
            parent_lane,
            scope,
            lanes: Vec::new(),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
        });
        if let Some(lane) = parent_lane.and_then(|lane| process.lanes.get_mut(lane)) {
            lane.child_lane_set = Some(position);
        }
        for child in dom.children(element) {
            if self.tag(child) == Tag::Lane {
                self.lane(child, scope, position, process);
            } else if let Some(set) = process.lane_sets.get_mut(position) {
                self.unexpected(child, &mut set.extensions);
            }
        }
    }

    fn lane(
        &mut self,
        element: ElementIndex,
        scope: Option<NodeIndex>,
        lane_set: usize,
        process: &mut Process,
    ) {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut lane = Lane {
            id: self.id(element),
            name: self.string(element, "name"),
            lane_set,
            partition_element: self.string(element, "partitionElementRef"),
            documentation: basics.documentation,
            extensions: basics.extensions,
            location: dom.element(element).location,
            ..Lane::default()
        };
        let mut child_set = None;
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::FlowNodeRef => lane.flow_nodes.extend(self.lane_member(child)),
                Tag::ChildLaneSet => child_set = Some(child),
                Tag::PartitionElement => lane.extensions.elements.push(self.xml(child)),
                _ => self.unexpected(child, &mut lane.extensions),
            }
        }
        let position = process.lanes.len();
        process.lanes.push(lane);
        if let Some(set) = process.lane_sets.get_mut(lane_set) {
            set.lanes.push(position);
        }
        if let Some(child_set) = child_set {
            self.lane_set(child_set, scope, Some(position), process);
        }
    }

    /// Some tools list data objects and artifacts of a lane too; those are passed over.
    fn lane_member(&mut self, child: ElementIndex) -> Option<NodeIndex> {
        let reference = self.trimmed(child);
        let known = self.lookup(child, &reference);
        if known.is_some_and(|known| !self.tag(known).is_flow_node()) {
            return None;
        }
        let node = match known {
            Some(node) => node,
            None => self.follow(child, "flowNodeRef", &reference, A_FLOW_NODE)?,
        };
        self.node_index(node)
    }
}
