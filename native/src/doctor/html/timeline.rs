//! One line of the watch as a picture.

use std::{fmt::Write as _, time::Duration};

use heartline_core::doctor::{Picture, Sign, Story};

/// The picture as SVG; its axis stands for `longest`.
pub(super) fn picture(story: &Story, longest: Duration) -> String {
    const WIDTH: u32 = Picture::WIDTH;
    const HEIGHT: u32 = Picture::HEIGHT;
    const MIDDLE: u32 = Picture::MIDDLE;
    let Picture { life: (from, to), frames, probes, asked, ended, label } = Picture::of(story, longest);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>from {:.1} s to {label}</title>\
         <path class=\"axis\" d=\"M0 {MIDDLE}H{}\"/><path class=\"life\" d=\"M{from} {MIDDLE}H{to}\"/>",
        story.opened.as_secs_f64(),
        Picture::AXIS,
    );
    // Writing to a string cannot fail, here and below.
    for (sign, path) in frames {
        let class = match sign {
            Sign::ClientData | Sign::ClientControl => "client",
            Sign::ServerData | Sign::ServerControl => "server",
            Sign::TcpProbe => "probe",
        };
        let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
    }
    for place in probes {
        let _ = write!(svg, "<circle class=\"probe\" cx=\"{place}\" cy=\"{MIDDLE}\" r=\"3\"/>");
    }
    if let Some(asked) = asked {
        let _ = write!(svg, "<path class=\"asked\" d=\"M{asked} 2V{}\"/>", HEIGHT - 4);
    }
    let _ = match ended {
        true => write!(svg, "<path class=\"ended\" d=\"M{to} 2V{}\"/>", HEIGHT - 4),
        false => write!(svg, "<path class=\"stood\" d=\"M{to} {}l10 6l-10 6z\"/>", MIDDLE - 6),
    };
    let _ = write!(svg, "<text x=\"{}\" y=\"{}\">{label}</text></svg>", to + 14, MIDDLE + 4);
    svg
}
