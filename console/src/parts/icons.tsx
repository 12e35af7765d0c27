/* Icons, drawn on a grid of 16, and the marks of the kinds of organizations. */

import type { ReactNode } from "react";

const icons = {
	search: (
		<>
			<circle cx="7" cy="7" r="4.5" />
			<path d="m10.5 10.5 3 3" />
		</>
	),
	tree: (
		<>
			<path d="M3 2.5v9.5h3M3 6.5h3" />
			<rect x="8" y="4.5" width="5.5" height="3.5" rx="1" />
			<rect x="8" y="10.2" width="5.5" height="3.5" rx="1" />
		</>
	),
	people: (
		<>
			<circle cx="6" cy="5.5" r="2.5" />
			<path d="M1.8 13.5c.3-2.5 2-4 4.2-4s3.900 1.5 4.2 4M10.5 3.2a2.5 2.5 0 0 1 0 4.600M12.2 9.900c1.2.6 1.900 1.900 2 3.600" />
		</>
	),
	send: (
		<>
			<path d="M2 8h8M7 4.5 10.5 8 7 11.5M13.5 3v10" />
		</>
	),
	clock: (
		<>
			<circle cx="8" cy="8" r="5.8" />
			<path d="M8 4.8V8l2.2 1.5" />
		</>
	),
	key: (
		<>
			<circle cx="5" cy="11" r="2.700" />
			<path d="m7 9 6.5-6.5M10.5 5.5l2 2" />
		</>
	),
	role: (
		<>
			<path d="M8 1.8 13.2 4v4c0 3-2.2 5.2-5.2 6.2C5 13.2 2.8 11 2.8 8V4z" />
		</>
	),
	next: (
		<>
			<path d="m6.2 4 4 4-4 4" />
		</>
	),
	down: (
		<>
			<path d="m4 6.2 4 4 4-4" />
		</>
	),
	back: (
		<>
			<path d="m9.8 4-4 4 4 4" />
		</>
	),
	plus: (
		<>
			<path d="M8 3v10M3 8h10" />
		</>
	),
	copy: (
		<>
			<rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
			<path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5" />
		</>
	),
	more: (
		<>
			<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.400" />
		</>
	),
	alert: (
		<>
			<path d="M8 2 14.5 13.5h-13zM8 6.5v3M8 11.600v.01" />
		</>
	),
	again: (
		<>
			<path d="M13.2 8a5.2 5.2 0 1 1-1.600-3.8M13.5 2v3h-3" />
		</>
	),
	menu: (
		<>
			<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />
		</>
	),
	check: (
		<>
			<path d="m3 8.5 3.2 3.2L13 4.8" />
		</>
	),
	close: (
		<>
			<path d="m4 4 8 8M12 4l-8 8" />
		</>
	),
	move: (
		<>
			<path d="M2.5 3v6a2 2 0 0 0 2 2h8.5M10 8l3 3-3 3" />
		</>
	),
	save: (
		<>
			<path d="M8 2.5v7M5 7l3 3 3-3M3 12.5h10" />
		</>
	),
	out: (
		<>
			<path d="M6 3.5H3.5v9h9V10M9 3h4v4M13 3 7.5 8.5" />
		</>
	),
	filter: (
		<>
			<path d="M2.5 4h11M4.5 8h7M6.5 12h3" />
		</>
	),
	list: (
		<>
			<path d="M5.5 4.5h8M5.5 8h8M5.5 11.5h8M2.5 4.5h.01M2.5 8h.01M2.5 11.5h.01" />
		</>
	),
	edit: (
		<>
			<path d="M10.8 2.8 13.2 5.2 5.6 12.8l-3 .6.6-3z" />
		</>
	),
	pause: (
		<>
			<path d="M5.5 3.5v9M10.5 3.5v9" />
		</>
	),
	gear: (
		<>
			<circle cx="8" cy="8" r="2.2" />
			<path d="M8 2.2v1.6M8 12.2v1.6M2.2 8h1.6M12.2 8h1.6M3.9 3.9 5 5M11 11l1.1 1.1M3.9 12.1 5 11M11 5l1.1-1.1" />
		</>
	),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof icons;

export function Icon({ name }: { name: IconName }) {
	return (
		<svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
			{icons[name]}
		</svg>
	);
}

const kinds: Record<string, ReactNode> = {
	company: (
		<>
			<rect x="2.5" y="2.5" width="11" height="11" rx="2" />
		</>
	),
	subsidiary: (
		<>
			<rect x="2.5" y="2.5" width="11" height="11" rx="2" fill="none" />
			<rect x="5.8" y="5.8" width="4.400" height="4.400" rx=".6" stroke="none" />
		</>
	),
	branch: (
		<>
			<rect x="2.5" y="2.5" width="11" height="11" rx="2" fill="none" />
			<path d="M3 13.300V8h10v5.300z" stroke="none" />
		</>
	),
	partner: (
		<>
			<circle cx="5.8" cy="8" r="4" fill="none" />
			<circle cx="10.2" cy="8" r="4" fill="none" />
		</>
	),
	client: (
		<>
			<circle cx="8" cy="8" r="5.2" />
		</>
	),
	supplier: (
		<>
			<circle cx="8" cy="8" r="5.2" fill="none" />
			<circle cx="8" cy="8" r="2.2" stroke="none" />
		</>
	),
	project: (
		<>
			<path d="M8 2 14 8l-6 6-6-6z" fill="none" strokeLinejoin="round" />
		</>
	),
	other: (
		<>
			<rect x="2.5" y="2.5" width="11" height="11" rx="2" fill="none" strokeDasharray="2 2" />
		</>
	),
};

/** The mark of a kind of organization. It has the kind as its name, since nothing beside it says so. */
export function Kind({ kind }: { kind: string | undefined }) {
	return (
		<svg className="kind" viewBox="0 0 16 16" role="img" aria-label={kind ?? "other"}>
			{kinds[kind ?? "other"] ?? kinds.other}
		</svg>
	);
}

export function Mark() {
	return (
		<svg viewBox="0 0 22 22" aria-hidden="true">
			<rect x="1" y="2.5" width="5" height="5" rx="1.2" fill="currentColor" />
			<rect x="8.5" y="4" width="12.5" height="2" rx="1" fill="currentColor" />
			<rect x="5.6" y="9.1" width="3.8" height="3.8" rx="1" fill="none" stroke="currentColor" strokeWidth="1.3" />
			<rect x="12.5" y="10" width="8.5" height="2" rx="1" fill="currentColor" />
			<rect x="9.6" y="15.1" width="3.8" height="3.8" rx="1" fill="none" stroke="currentColor" strokeWidth="1.3" />
			<rect x="16.5" y="16" width="4.5" height="2" rx="1" fill="currentColor" />
		</svg>
	);
}
