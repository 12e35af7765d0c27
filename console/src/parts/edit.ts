/* A form over something that was read, or over nothing yet: then it makes something. What is typed stays, whatever is read meanwhile; what
   nobody has touched follows. What is typed while it is being saved is a change of what came of it, also of what was made. */

import { t } from "../words/message";
import { row } from "../words/count";
import { useEffect, useRef, useState } from "react";
import { Failure, ask } from "../api/client";
import type { Answer, Relationship, Resource } from "../api/document";
import { useSend, type Sending } from "../api/query";
import { useUnsaved } from "./unsaved";

/** What two people have changed, each in their way. */
export interface Conflict {
	/** Of what they have changed. */
	id: string;
	now: Answer<Resource<unknown>>;
	rows: { name: string; yours: string; theirs: string }[];
}

interface Editing<R, F> {
	/** What was read. Without it something is made, of a type, with relationships, and attributes that no form has. */
	read?: Answer<R>;
	made?: { type: string; relationships?: Record<string, Relationship>; attributes?: Record<string, unknown> };
	/** Where that was read from, or what it is added to. */
	to: string;
	/** Returns the members that are edited, as a form has them; without a resource those of something new. */
	form: (r: R | undefined) => F;
	/** Returns what is sent of one of them; undefined is not sent. */
	sent: (name: keyof F & string, value: F[keyof F]) => unknown;
	/** What else is to be read again when it is written, or written back. */
	written?: () => void;
	/** What is done when it is saved: undo sets the members that were changed back. more: what was typed meanwhile is not saved yet. */
	saved: (changed: (keyof F & string)[], undo: () => void, answer: Answer<R>, more: boolean) => void;
}

/** What somebody has typed, over what was there at the first letter. */
interface Typed<R, F> {
	values: Partial<F>;
	base?: Answer<R>;
}

/**
 * Returns a form, what is changed in it, and how to save that. If somebody else has changed the same resource since the first letter was
 * typed, saving ends in a conflict, which one settles by saying which members are kept as typed.
 */
export function useEdit<R extends Resource<unknown>, F extends object>({
	read,
	made,
	to,
	form: formOf,
	sent,
	written: tell,
	saved,
}: Editing<R, F>) {
	type Name = keyof F & string;
	const [typed, setTyped] = useState<Typed<R, F>>({ values: {} });
	const [written, setWritten] = useState<{ answer: Answer<R>; over?: Answer<R> } | null>(null);
	const [conflict, setConflict] = useState<Conflict | null>(null);
	const [unread, setUnread] = useState<Failure | null>(null); // why it cannot be said what the others did
	const fresh = written && written.over === read ? written.answer : read; // what was written is there until it is read again
	const now = typed.base ?? fresh;
	const before = formOf(now?.data);
	const form = { ...before, ...typed.values };
	const names = Object.keys(form) as Name[];
	const changed = names.filter((k) => !same(form[k], before[k]));
	const forget = useUnsaved(changed.length > 0);
	const latest = useRef(typed);
	latest.current = typed;
	const become = (next: Typed<R, F>) => setTyped((latest.current = next));
	const discard = () => become({ values: {} });
	/** What was typed while it was on its way is over what came of it; what was sent is no more than that. It reports whether there is such. */
	const adopt = (answer: Answer<R>, { body }: Sending) => {
		const { attributes } = (body as { data: { attributes: Record<string, unknown> } }).data;
		const there = formOf(answer.data);
		const kept = (Object.entries(latest.current.values) as [Name, F[Name]][]).filter(
			([k, v]) => k in there && !same(v, there[k]) && !same(sent(k, v), attributes[k]),
		);
		if (kept.length) become({ values: Object.fromEntries(kept) as Partial<F>, base: answer });
		else {
			forget();
			if (read || written) discard();
		}
		if (read || written || kept.length) setWritten({ answer, over: read });
		tell?.();
		return kept.length > 0;
	};
	const back = useSend<R>(adopt);
	const leave = useRef<(answer: Answer<R>, more: boolean) => void>(undefined);
	const send = useSend<R>((answer, what) => leave.current?.(answer, adopt(answer, what)));
	/** Where that is which is edited: what was made here is below where it was added. */
	const self = (version: Answer<R>) => (read ? to : `${to}/${version.data.id}`);
	const write = (only: Name[], values: F, over: Answer<R> | undefined) => {
		const attributes = (of: F) => Object.fromEntries(only.map((k) => [k, sent(k, of[k])]).filter(([, value]) => value !== undefined));
		const request = (of: F, version: Answer<R> | undefined) => ({
			to: version ? self(version) : to,
			method: version ? ("PATCH" as const) : ("POST" as const),
			ifMatch: version?.etag,
			body: {
				data: version
					? { type: version.data.type, id: version.data.id, attributes: attributes(of) }
					: { ...made, attributes: { ...attributes(of), ...made?.attributes } },
			},
		});
		setUnread(null);
		leave.current = (a, more) => saved(only, () => back.mutate(request(formOf(over?.data), a)), a, more);
		send.mutate(request(values, over), {
			onError: async (e) => {
				if (e.status !== 412 || !over) return;
				const theirs = await ask<R>(self(over)).catch((why: unknown) => {
					setUnread(why instanceof Failure ? why : e);
					return null;
				});
				if (!theirs) return;
				const there = formOf(theirs.data);
				setConflict({
					id: theirs.data.id,
					now: theirs,
					rows: only
						.filter((k) => !same(values[k], there[k]))
						.map((k) => ({ name: k, yours: shown(values[k]), theirs: shown(there[k]) })),
				});
			},
		});
	};
	const error = send.error instanceof Failure && send.error.status === 412 ? unread : send.error;
	useEffect(() => {
		if (error) document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
	}, [error]);
	return {
		/** What the form began with; undefined for something new. */
		base: now?.data,
		form,
		changed,
		discard,
		save: () => {
			if (!send.isPending && (!now || changed.length > 0)) write(now ? changed : names, form, now);
		},
		set: <K extends Name>(name: K, value: F[K]) =>
			setTyped(({ values, base = fresh }) => {
				const next = { ...values, [name]: value };
				const there = formOf(base?.data);
				const differs = (Object.keys(next) as Name[]).some((k) => !same(next[k], there[k]));
				return differs || send.isPending ? { values: next, base } : { values: {} };
			}),
		error,
		/** The pointers of the members, for Faults. */
		fields: names.map(pointerTo),
		wrong: (name: Name) => error?.at(pointerTo(name)),
		busy: send.isPending,
		conflict,
		closeConflict: () => setConflict(null),
		/** Ends a conflict: of what was typed some is kept, and the rest is as the others have left it. */
		settle: (mine: string[]) => {
			if (!conflict) return;
			const theirs = conflict.now as Answer<R>;
			const values = Object.fromEntries((mine as Name[]).map((k) => [k, form[k]])) as Partial<F>;
			setConflict(null);
			setWritten({ answer: theirs, over: read });
			setTyped(mine.length ? { values, base: theirs } : { values: {} });
			if (mine.length) write(mine as Name[], { ...formOf(theirs.data), ...values }, theirs);
		},
	};
}

function pointerTo(name: string): string {
	return `/data/attributes/${name}`;
}

function same(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

function shown(value: unknown): string {
	if (typeof value === "boolean") return value ? t("common.yes") : t("common.no");
	return Array.isArray(value) ? row(value.map(String)) : String(value);
}
