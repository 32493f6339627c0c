//! Reading and changing the element instances of a process instance.

use proto::record::{ElementInstance, FlowToken, Instance, Owned};
use rustc_hash::FxHashMap;

/// Up to so many element instances a list has no spare room.
const FEW: usize = 4;

/// Element instances are in order of their keys, which only grow.
pub(crate) trait Elements {
    fn element(&self, key: u64) -> Option<&ElementInstance>;
    fn element_mut(&mut self, key: u64) -> Option<&mut ElementInstance>;
    fn add_element(&mut self, element: ElementInstance);
    /// Changes what an element owns beside a job or a task.
    fn change_owned(&mut self, element: u64, change: impl FnOnce(&mut Owned));
    fn remove_element(&mut self, key: u64);
    /// Takes one token off a flow; false when there is none.
    fn take_token(&mut self, scope: u64, flow: u32) -> bool;
    /// Takes one token off each of these flows, which may be named several times.
    fn take_tokens(&mut self, scope: u64, flows: &[u32]);
    fn has_token(&self, scope: u64, flow: u32) -> bool;
}

impl Elements for Instance {
    fn element(&self, key: u64) -> Option<&ElementInstance> {
        let index = self.elements.binary_search_by_key(&key, |e| e.key).ok()?;
        self.elements.get(index)
    }

    fn element_mut(&mut self, key: u64) -> Option<&mut ElementInstance> {
        let index = self.elements.binary_search_by_key(&key, |e| e.key).ok()?;
        self.elements.get_mut(index)
    }

    fn add_element(&mut self, element: ElementInstance) {
        // Most instances have few, and many wait for long: no room for more than there are.
        if self.elements.len() < FEW {
            self.elements.reserve_exact(1);
        }
        self.elements.push(element);
    }

    fn change_owned(&mut self, element: u64, change: impl FnOnce(&mut Owned)) {
        let Some(element) = self.element_mut(element) else {
            return;
        };
        let mut owned = element.owned.take().unwrap_or_default();
        change(&mut owned);
        element.owned = (*owned != Owned::default()).then_some(owned);
    }

    fn remove_element(&mut self, key: u64) {
        if let Ok(index) = self.elements.binary_search_by_key(&key, |e| e.key) {
            self.elements.remove(index);
        }
    }

    fn take_token(&mut self, scope: u64, flow: u32) -> bool {
        let wanted = FlowToken { scope, flow };
        match self.tokens.iter().position(|token| *token == wanted) {
            Some(index) => {
                self.tokens.remove(index);
                true
            }
            None => false,
        }
    }

    fn take_tokens(&mut self, scope: u64, flows: &[u32]) {
        let mut wanted = FxHashMap::<u32, usize>::default();
        for flow in flows {
            *wanted.entry(*flow).or_default() += 1;
        }
        self.tokens.retain(|token| {
            let left = wanted.get_mut(&token.flow);
            match left.filter(|left| token.scope == scope && **left > 0) {
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => true,
            }
        });
    }

    fn has_token(&self, scope: u64, flow: u32) -> bool {
        self.tokens.contains(&FlowToken { scope, flow })
    }
}
