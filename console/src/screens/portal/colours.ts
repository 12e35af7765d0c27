/* Five colours of whoever embeds a portal. What could not be read in them is left alone: text needs 4.5 to 1 (WCAG 2.2, 1.4.3), edges 3 to 1. */

type Rgb = [number, number, number];

const names = ["paper", "surface", "ink", "accent", "edge"] as const;
type Colours = Partial<Record<(typeof names)[number], Rgb>>;

// Those of the tokens that stay: states, as text, and what they stand on.
const schemes = {
	light: {
		surface: "ffffff",
		paper: "f4f6f5",
		ink: "141d1a",
		accent: "0a5f70",
		states: ["1c6b3b", "7c4a00", "a4271b"],
		soft: ["e1f2e7", "fcefd7", "fbe7e4"],
	},
	dark: {
		surface: "171c1b",
		paper: "101413",
		ink: "e8edea",
		accent: "6fcbd8",
		states: ["7fcf9a", "ecb95f", "f49a8e"],
		soft: ["142f1f", "35270d", "3a1a16"],
	},
};

/** Takes the colours out of the parts of a fragment, ink=1b1b1b among them; what is no colour is none. */
export function coloursIn(parts: string[]): Colours {
	const found: Colours = {};
	for (const part of parts) {
		const [, name, value] = /^([a-z]+)=([0-9a-fA-F]{6})$/.exec(part) ?? [];
		const known = names.find((n) => n === name);
		if (known && value) found[known] = parse(value);
	}
	return found;
}

/** Returns the scheme and the tokens that colours make; only those that can be read. */
export function tokens(colours: Colours): { scheme?: "light" | "dark"; set: Record<string, string> } {
	const set: Record<string, string> = {};
	const { paper = colours.surface, surface = colours.paper } = colours;
	const scheme = surface && luminance(surface) < 0.18 ? "dark" : "light";
	const usual = schemes[scheme];
	let [ground, page, ink] = [parse(usual.surface), parse(usual.paper), parse(usual.ink)];
	if (surface && paper) {
		const text = colours.ink ?? ink;
		const grounds = [surface, paper, mix(surface, text, 0.06), mix(paper, text, 0.05)];
		const readable =
			[text, ...usual.states.map(parse)].every((t) => grounds.every((g) => contrast(t, g) >= 4.5)) &&
			usual.soft.every((s) => contrast(text, parse(s)) >= 4.5);
		if (readable) {
			[ground, page, ink] = [surface, paper, text];
			Object.assign(set, {
				"--surface": css(surface),
				"--raised": css(surface),
				"--canvas": css(paper),
				"--hover": css(mix(surface, text, 0.06)),
				"--sunken": css(mix(paper, text, 0.05)),
				"--line": css(mix(surface, text, 0.15)),
				"--line-2": css(mix(surface, text, 0.25)),
				"--ink": css(text),
				"--ink-2": css(text),
				"--ink-3": css(text),
				"--on-ink": css(surface),
			});
		}
	} else if (colours.ink) {
		const text = colours.ink;
		const grounds = [ground, page, mix(ground, ink, 0.06), mix(page, ink, 0.05), ...usual.soft.map(parse)];
		if (grounds.every((g) => contrast(text, g) >= 4.5)) {
			ink = text;
			Object.assign(set, { "--ink": css(text), "--ink-2": css(text), "--ink-3": css(text) });
		}
	}
	const own = Object.keys(set).length > 0;
	if (colours.accent) {
		const soft = mix(ground, colours.accent, 0.1);
		if ([ground, page, soft].every((g) => contrast(colours.accent as Rgb, g) >= 4.5) && contrast(ink, soft) >= 4.5) {
			Object.assign(set, {
				"--accent": css(colours.accent),
				"--accent-2": css(colours.accent),
				"--accent-soft": css(soft),
				"--accent-line": css(mix(ground, colours.accent, 0.4)),
			});
		}
	}
	if (colours.edge && [ground, page].every((g) => contrast(colours.edge as Rgb, g) >= 3)) set["--edge"] = css(colours.edge);
	// Without a ground of their own the colours were weighed in the light scheme, which then is the one that is shown.
	return { scheme: own || Object.keys(set).length > 0 ? scheme : undefined, set };
}

function parse(hex: string): Rgb {
	return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}

function css(c: Rgb): string {
	return `#${c.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("")}`;
}

function mix(a: Rgb, b: Rgb, share: number): Rgb {
	return a.map((v, i) => v + ((b[i] ?? 0) - v) * share) as Rgb;
}

/** Relative luminance (WCAG 2.2). */
function luminance(c: Rgb): number {
	const [r, g, b] = c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as Rgb;
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
	const [x, y] = [luminance(a), luminance(b)];
	return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}
