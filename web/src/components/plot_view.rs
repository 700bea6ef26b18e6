//! The drawing of round trips.

use leptos::prelude::*;

use crate::model::plot::{HEIGHT, Plot, WIDTH};

/// Round trips as a line, lost probes as strokes.
#[component]
pub fn PlotView(
    /// What to draw.
    plot: Signal<Plot>,
    /// The hook for tests.
    testid: &'static str,
) -> impl IntoView {
    let view_box = format!("0 0 {WIDTH} {HEIGHT}");
    let middle = (HEIGHT / 2.0).to_string();
    let top = move || {
        let label = |plot: &Plot| [&plot.top_ms.to_string(), " ms"].concat();
        plot.with(|plot| (!plot.dots.is_empty()).then(|| label(plot)))
    };
    let words = move || plot.with(|plot| format!("{} answered, {} lost", plot.dots.len(), plot.lost.len()));
    let lines = move || {
        let draw = |points: &String| view! { <polyline class="plot-line" points=points.clone() /> };
        plot.with(|plot| plot.lines.iter().map(draw).collect_view())
    };
    let dots = move || {
        let draw = |(x, y): &(f64, f64)| view! { <circle class="plot-dot" r="2" cx=x.to_string() cy=y.to_string() /> };
        plot.with(|plot| plot.dots.iter().map(draw).collect_view())
    };
    let lost = move || {
        let draw = |x: &f64| {
            view! { <line class="plot-lost" x1=x.to_string() x2=x.to_string() y1="0" y2=HEIGHT.to_string() /> }
        };
        plot.with(|plot| plot.lost.iter().map(draw).collect_view())
    };
    view! {
        <figure class="figure">
            <svg class="plot" viewBox=view_box role="img" aria-label=words data-testid=testid>
                <line class="plot-grid" x1="0" x2=WIDTH.to_string() y1=middle.clone() y2=middle />
                <text class="plot-label" x="8" y="16">{top}</text>
                {lost}
                {lines}
                {dots}
            </svg>
        </figure>
    }
}
