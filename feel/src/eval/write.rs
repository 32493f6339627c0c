//! Evaluates straight into encoded JSON, so that what is only passed on keeps its bytes.

use super::{Machine, Scope};
use crate::syntax::{Kind, Node};
use crate::value::{Entry, Value};
use crate::{EvalError, json};

impl<'a> Machine<'a> {
    /// Appends the value of a node as normalized JSON.
    pub(crate) fn write(
        &mut self,
        node: &'a Node,
        scope: &Scope<'_, 'a>,
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        match &node.kind {
            Kind::List(nodes) => self.deeper(node.at, |machine| {
                machine.charge(node.at, nodes.len())?;
                out.push(b'[');
                for (i, item) in nodes.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    machine.write(item, scope, out)?;
                }
                out.push(b']');
                Ok(())
            }),
            Kind::Context(nodes) => self.write_context(node.at, nodes, scope, out),
            Kind::If(parts) => {
                let branch = match self.eval(&parts.0, scope)? {
                    Value::Boolean(true) => &parts.1,
                    _ => &parts.2,
                };
                self.deeper(node.at, |machine| machine.write(branch, scope, out))
            }
            _ => match self.raw(node, scope)? {
                Some(raw) => {
                    self.charge_text(node.at, raw.len())?;
                    out.extend_from_slice(raw);
                    Ok(())
                }
                None => {
                    let value = self.eval(node, scope)?;
                    self.charge(node.at, value.size() as usize)?;
                    value.write_json(out);
                    Ok(())
                }
            },
        }
    }

    fn write_context(
        &mut self,
        at: u32,
        nodes: &'a [(Box<str>, Node)],
        scope: &Scope<'_, 'a>,
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(nodes.len());
        let mut writer = json::ObjectWriter::new(out);
        for (name, node) in nodes {
            let raw = self.raw(node, &Scope::Entries(&entries, scope))?;
            let value = match raw {
                Some(raw) => {
                    self.charge_text(at, raw.len())?;
                    writer.field(name, raw);
                    Value::decode(raw)
                }
                None => {
                    let value = self.deeper(at, |m| m.entry(&entries, name, node, scope))?;
                    self.charge(at, value.size() as usize)?;
                    value.write_json(writer.name(name));
                    value
                }
            };
            entries.push(((&**name).into(), value));
        }
        writer.end();
        Ok(())
    }

    /// The bytes of a variable or of a part of one, when that is what the node means.
    fn raw(
        &mut self,
        node: &'a Node,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<&'a [u8]>, EvalError> {
        let mut names: Vec<&'a str> = Vec::new();
        let mut inner = node;
        let first = loop {
            match &inner.kind {
                Kind::Name(name) => break &**name,
                Kind::Path(subject, name) => {
                    names.push(name);
                    inner = subject;
                }
                _ => return Ok(None),
            }
        };
        self.charge(node.at, names.len() + 1)?;
        if self.local(node.at, first, scope)?.is_some() {
            return Ok(None);
        }
        let mut value = self.encoded(node.at, first)?;
        for name in names.iter().rev() {
            value = match value {
                Some(object) if object.first() == Some(&b'{') => json::get(object, name),
                // A list is projected, a missing member is null: not bytes that exist.
                Some(_) | None => return Ok(None),
            };
        }
        Ok(value)
    }
}
