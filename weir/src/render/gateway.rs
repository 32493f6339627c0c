//! Gateways: a diamond and what it decides by (BPMN 2.0 section 10.6).

use bpmn_parser::model::{EventBasedGatewayKind, Gateway, Point};

use super::event_icon::{GRID, PENTAGON, PLUS};
use super::geometry::Rect;
use super::overlay::Look;
use super::paint::{Canvas, Style, straight};

/// The side of the usual shape.
const SIDE: f64 = 50.0;

pub(super) fn draw(
    canvas: &mut Canvas,
    rect: &Rect,
    gateway: &Gateway,
    has_marker: bool,
    look: &Look,
) {
    let centre = rect.centre();
    let corners = [
        (centre.x, rect.y),
        (rect.right(), centre.y),
        (centre.x, rect.bottom()),
        (rect.x, centre.y),
    ];
    let diamond = corners.map(|(x, y)| Point { x, y });
    canvas.polygon(&diamond, &Style::line(&look.stroke, 1.8).filled(&look.fill));
    let scale = rect.w.min(rect.h) / SIDE;
    let line = Style::line(&look.stroke, 1.5);
    let mut cross = |reach_x: f64, reach_y: f64, width: f64| {
        let (dx, dy) = (reach_x * scale, reach_y * scale);
        let ends = [
            (centre.x - dx, centre.y - dy),
            (centre.x + dx, centre.y + dy),
        ];
        let style = Style::line(&look.stroke, width * scale).round();
        canvas.path(&straight(&ends.map(|(x, y)| Point { x, y })), &style);
    };
    match gateway {
        Gateway::Exclusive => {
            if has_marker {
                cross(6.5, 8.5, 3.2);
                cross(6.5, -8.5, 3.2);
            }
        }
        Gateway::Parallel => {
            cross(11.0, 0.0, 3.4);
            cross(0.0, 11.0, 3.4);
        }
        Gateway::Complex { .. } => {
            cross(11.0, 0.0, 3.0);
            cross(0.0, 11.0, 3.0);
            cross(7.8, 7.8, 3.0);
            cross(7.8, -7.8, 3.0);
        }
        Gateway::Inclusive => {
            let radius = 11.5 * scale;
            canvas.ellipse(centre, radius, radius, &line.wide(3.0 * scale));
        }
        Gateway::EventBased { instantiate, kind } => {
            let radius = 13.5 * scale;
            canvas.ellipse(centre, radius, radius, &line);
            if !instantiate {
                canvas.ellipse(centre, radius - 2.8 * scale, radius - 2.8 * scale, &line);
            }
            let data = match kind {
                EventBasedGatewayKind::Exclusive => PENTAGON,
                EventBasedGatewayKind::Parallel => PLUS,
            };
            let icon_scale = 0.85 * scale;
            let at = Point {
                x: centre.x - icon_scale * GRID / 2.0,
                y: centre.y - icon_scale * GRID / 2.0,
            };
            canvas.icon(at, icon_scale, data, &line.round());
        }
    }
}
