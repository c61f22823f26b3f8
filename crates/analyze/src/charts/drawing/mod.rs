//! What every chart is drawn with: a scene in points, fonts, colours, labels.

pub(super) mod density;
pub(super) mod fonts;
pub(super) mod labels;
pub(super) mod scene;
pub(super) mod style;
pub(super) mod theme;
