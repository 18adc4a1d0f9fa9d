//! Lays out a made-up graph and writes it as a plain SVG, to look at: `draw GRAPH COUNT OUT.svg`.

mod graphs;

use std::fmt::Write as _;
use std::time::Instant;

use axonscope_layout::{Layout, LayoutRequest, Simulation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options: Vec<String> = std::env::args().skip(1).collect();
    let [kind, count, out] = &options[..] else {
        return Err(format!("draw GRAPH COUNT OUT.svg, where GRAPH is one of: {}", graphs::NAMES.join(", ")).into());
    };
    let stages = graphs::make(kind, count.parse()?).ok_or("no such graph")?;
    let mut simulation: Simulation = Simulation::new(1);
    let mut last = LayoutRequest::default();
    for request in stages {
        simulation.set_request(&request);
        let start = Instant::now();
        let mut ticks = 0u32;
        while simulation.tick() {
            ticks += 1;
        }
        let millis = start.elapsed().as_secs_f64() * 1000.0;
        println!(
            "{} bodies at rest after {ticks} ticks, {:.3} ms each",
            request.bodies.len(),
            millis / f64::from(ticks.max(1))
        );
        last = request;
    }
    std::fs::write(out, svg(&last, simulation.layout())?)?;
    Ok(())
}

fn svg(request: &LayoutRequest, layout: &Layout) -> Result<String, std::fmt::Error> {
    let (min, max) = (layout.bounds.min, layout.bounds.max);
    let (width, height) = (max[0] - min[0] + 80.0, max[1] - min[1] + 80.0);
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{} {} {width} {height}">"#,
        min[0] - 40.0,
        -max[1] - 40.0
    )?;
    writeln!(svg, r##"<rect x="-1e6" y="-1e6" width="2e6" height="2e6" fill="#10141c"/>"##)?;
    let ringed = |i: usize| request.bodies.iter().any(|body| body.parent == Some(i as u32));
    let rings: Vec<bool> = (0..request.bodies.len()).map(|i| request.bodies.len() < 5000 && ringed(i)).collect();
    for (i, [x, y, _]) in layout.positions.iter().enumerate().filter(|(i, _)| rings[*i]) {
        let radius = layout.radii[i];
        writeln!(svg, r##"<circle cx="{x}" cy="{}" r="{radius}" fill="#ffffff08" stroke="#667"/>"##, -y)?;
    }
    for spring in &request.springs {
        let ([x1, y1, _], [x2, y2, _]) =
            (layout.positions[spring.source as usize], layout.positions[spring.sink as usize]);
        let (mx, my) = (0.5 * (x1 + x2) + 0.1 * (y2 - y1), 0.5 * (y1 + y2) - 0.1 * (x2 - x1));
        writeln!(
            svg,
            r##"<path d="M{x1} {} Q{mx} {} {x2} {}" fill="none" stroke="#7890a8" stroke-width="2"/>"##,
            -y1, -my, -y2
        )?;
    }
    for (i, [x, y, _]) in layout.positions.iter().enumerate().filter(|(i, _)| !rings[*i]) {
        let [w, h] = request.bodies[i].half_size;
        writeln!(
            svg,
            r##"<rect x="{}" y="{}" width="{}" height="{}" rx="8" fill="#ffffff06"/>"##,
            x - w,
            -y - h,
            2.0 * w,
            2.0 * h
        )?;
        writeln!(svg, r##"<circle cx="{x}" cy="{}" r="24" fill="#2d6a6a" stroke="#5cc" stroke-width="2"/>"##, -y)?;
        writeln!(
            svg,
            r##"<text x="{x}" y="{}" fill="#dde" font-size="13" text-anchor="middle">{}</text>"##,
            -y + 40.0,
            request.bodies[i].key
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
