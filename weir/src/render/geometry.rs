//! Rectangles, points and paths, finite and bounded.
//!
//! Owns arithmetic on coordinates; must not know what is drawn there.

use bpmn_parser::model::{Bounds, Point};

/// A rectangle that is inside the bounds of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    /// `None` for what is not a number or reaches beyond `max`.
    pub fn of(bounds: &Bounds, max: f64) -> Option<Rect> {
        let is_fine = |value: f64| value.is_finite() && value.abs() <= max;
        let rect = Rect {
            x: bounds.x,
            y: bounds.y,
            w: bounds.width,
            h: bounds.height,
        };
        let all = [rect.x, rect.y, rect.w, rect.h];
        (all.into_iter().all(is_fine) && rect.w >= 0.0 && rect.h >= 0.0).then_some(rect)
    }

    pub fn centre(&self) -> Point {
        Point {
            x: self.x + self.w / 2.0,
            y: self.y + self.h / 2.0,
        }
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// Smaller by `by` on each side.
    pub fn inset(&self, by: f64) -> Rect {
        Rect {
            x: self.x + by,
            y: self.y + by,
            w: (self.w - 2.0 * by).max(0.0),
            h: (self.h - 2.0 * by).max(0.0),
        }
    }

    pub fn union(&self, other: &Rect) -> Rect {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Rect {
            x,
            y,
            w: self.right().max(other.right()) - x,
            h: self.bottom().max(other.bottom()) - y,
        }
    }

    pub fn contains(&self, point: Point) -> bool {
        point.x > self.x && point.x < self.right() && point.y > self.y && point.y < self.bottom()
    }
}

/// `None` for what is not a number or lies beyond `max`.
pub(super) fn point(point: &Point, max: f64) -> Option<Point> {
    let is_fine = |value: f64| value.is_finite() && value.abs() <= max;
    (is_fine(point.x) && is_fine(point.y)).then_some(*point)
}

pub(super) fn distance(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The point `length` away from `from` on the way to `to`.
pub(super) fn toward(from: Point, to: Point, length: f64) -> Point {
    let whole = distance(from, to);
    if whole <= f64::EPSILON {
        return from;
    }
    let share = length / whole;
    Point {
        x: from.x + (to.x - from.x) * share,
        y: from.y + (to.y - from.y) * share,
    }
}

/// The point half-way along a path.
pub(super) fn middle(points: &[Point]) -> Option<Point> {
    let length = points
        .windows(2)
        .map(|pair| distance(pair[0], pair[1]))
        .sum::<f64>();
    let mut left = length / 2.0;
    for pair in points.windows(2) {
        let step = distance(pair[0], pair[1]);
        if step >= left {
            return Some(toward(pair[0], pair[1], left));
        }
        left -= step;
    }
    points.first().copied()
}

/// Where the way from `inside` to `outside` leaves a rectangle.
pub(super) fn exit(rect: &Rect, inside: Point, outside: Point) -> Point {
    let (dx, dy) = (outside.x - inside.x, outside.y - inside.y);
    let share = |delta: f64, low: f64, high: f64, from: f64| {
        if delta > 0.0 {
            (high - from) / delta
        } else if delta < 0.0 {
            (low - from) / delta
        } else {
            f64::INFINITY
        }
    };
    let out = share(dx, rect.x, rect.right(), inside.x)
        .min(share(dy, rect.y, rect.bottom(), inside.y))
        .clamp(0.0, 1.0);
    Point {
        x: inside.x + dx * out,
        y: inside.y + dy * out,
    }
}

/// A path whose ends, where they lie well inside a shape, are moved to its border.
///
/// Some tools let edges run to the centres of shapes.
pub(super) fn cropped(
    points: &[Point],
    source: Option<&Rect>,
    target: Option<&Rect>,
) -> Vec<Point> {
    let mut path = points.to_vec();
    crop_start(&mut path, source);
    path.reverse();
    crop_start(&mut path, target);
    path.reverse();
    path
}

/// How far inside a shape an end may lie and still count as on its border.
const BORDER: f64 = 6.0;

fn crop_start(path: &mut Vec<Point>, shape: Option<&Rect>) {
    let Some(shape) = shape else {
        return;
    };
    let is_deep = path
        .first()
        .is_some_and(|first| shape.inset(BORDER).contains(*first));
    if !is_deep {
        return;
    }
    let Some(outside) = path.iter().position(|point| !shape.contains(*point)) else {
        return; // All of it is inside, as with the flows of a sub-process.
    };
    if outside == 0 {
        return;
    }
    let border = exit(shape, path[outside - 1], path[outside]);
    path.drain(..outside - 1);
    path[0] = border;
}
