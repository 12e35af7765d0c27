/* How the rows of a list are chosen: one of a few, or a filter that a link has set. */

import type { ReactNode } from "react";
import { Icon } from "./icons";
import { t } from "../words/message";

interface SegmentsProps<V> {
	label: string;
	/** The values, each with its word. */
	of: readonly (readonly [value: V, word: ReactNode])[];
	value: V;
	choose: (value: V) => void;
	className?: string;
}

/** One of a few, all of which are seen. */
export function Segments<V extends string | number>({ label, of, value, choose, className = "" }: SegmentsProps<V>) {
	return (
		<div className={`segments ${className}`} role="group" aria-label={label}>
			{of.map(([v, word]) => (
				<button key={v} type="button" aria-pressed={v === value} onClick={() => choose(v)}>
					{word}
				</button>
			))}
		</div>
	);
}

/** Returns the values of an attribute with their words: "" is all of them. */
export function asWords<V extends string>(values: readonly V[]): (readonly [V, string])[] {
	return values.map((v) => [v, v ? v.charAt(0).toUpperCase() + v.slice(1) : t("common.all")]);
}

/** A filter that is on for one thing, whose id it begins with. */
export function FilterChip({ label, on, id, clear }: { label: string; on: ReactNode; id: string; clear: () => void }) {
	return (
		<button className="chip" type="button" data-on="" aria-label={label} onClick={clear}>
			{on} <b className="mono">{id}</b>
			<Icon name="close" />
		</button>
	);
}
