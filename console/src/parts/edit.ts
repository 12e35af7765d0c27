/* A form over something that was read. What is typed stays, whatever is read meanwhile; what nobody has touched follows. */

import { useState } from "react";
import { Failure, ask } from "../api/client";
import type { Answer, Resource } from "../api/document";
import { useSend } from "../api/query";
import { useUnsaved } from "./unsaved";

export type Value = string | boolean;

/** What two people have changed, each in their way. */
export interface Conflict {
	/** Of what they have changed. */
	id: string;
	now: Answer<Resource<unknown>>;
	rows: { name: string; yours: string; theirs: string }[];
}

interface Editing<R, F> {
	/** What was read, and from where. */
	read: Answer<R>;
	to: string;
	/** Returns the members that are edited, as a form has them. */
	form: (r: R) => F;
	/** Returns what is sent of one of them. */
	sent: (name: keyof F, value: Value) => unknown;
	/** What else is to be read again when it is written, or written back. */
	written?: () => void;
	/** What is done when it is saved: to what the members that were changed had been before, undo sets them back. */
	saved: (changed: (keyof F & string)[], undo: () => void) => void;
}

/**
 * Returns a form, what is changed in it, and how to save that. If somebody else has changed the same resource since the first letter was
 * typed, saving ends in a conflict, which one settles by saying which members are kept as typed.
 */
export function useEdit<R extends Resource<unknown>, F extends { [name in keyof F]: Value }>({
	read,
	to,
	form: formOf,
	sent,
	written: tell,
	saved,
}: Editing<R, F>) {
	type Name = keyof F & string;
	const [typed, setTyped] = useState<Partial<F>>({});
	const [base, setBase] = useState<Answer<R> | null>(null); // what was there when the first letter was typed
	const [written, setWritten] = useState<{ answer: Answer<R>; over: Answer<R> } | null>(null);
	const [conflict, setConflict] = useState<Conflict | null>(null);
	const now = base ?? (written && written.over === read ? written.answer : read); // what was written is there until it is read again
	const before = formOf(now.data);
	const form = { ...before, ...typed };
	const changed = (Object.keys(typed) as Name[]).filter((k) => typed[k] !== before[k]);
	useUnsaved(changed.length > 0);
	const discard = () => {
		setTyped({});
		setBase(null);
	};
	const body = (attributes: Record<string, unknown>) => ({ data: { type: read.data.type, id: read.data.id, attributes } });
	const adopt = (answer: Answer<R>) => {
		discard();
		setWritten({ answer, over: read });
		tell?.();
	};
	const send = useSend<R>(adopt);
	const back = useSend<R>(adopt);
	const save = (names: Name[] = changed, values: F = form, over: Answer<R> = now) => {
		const attributes = Object.fromEntries(names.map((k) => [k, sent(k, values[k])]));
		const undone = Object.fromEntries(names.map((k) => [k, sent(k, formOf(over.data)[k])]));
		send.mutate(
			{ to, method: "PATCH", ifMatch: over.etag, body: body(attributes) },
			{
				onSuccess: (a) => saved(names, () => back.mutate({ to, method: "PATCH", ifMatch: a.etag, body: body(undone) })),
				onError: async (e) => {
					if (e.status !== 412) return;
					const theirs = await ask<R>(to);
					const there = formOf(theirs.data);
					setConflict({
						id: read.data.id,
						now: theirs,
						rows: names
							.map((k) => ({ name: k, yours: String(values[k]), theirs: String(there[k]) }))
							.filter((r) => r.yours !== r.theirs),
					});
				},
			},
		);
	};
	const error = send.error instanceof Failure && send.error.status === 412 ? null : send.error;
	return {
		form,
		changed,
		discard,
		save: () => changed.length > 0 && save(),
		set: <K extends Name>(name: K, value: F[K]) => {
			if (!base) setBase(now);
			const next = { ...typed, [name]: value };
			if ((Object.keys(next) as Name[]).every((k) => next[k] === before[k])) discard();
			else setTyped(next);
		},
		error,
		wrong: (name: Name) => error?.at(`/data/attributes/${name}`),
		busy: send.isPending,
		conflict,
		closeConflict: () => setConflict(null),
		/** Ends a conflict: of what was typed some is kept, and the rest is as the others have left it. */
		settle: (mine: string[]) => {
			if (!conflict) return;
			const theirs = conflict.now as Answer<R>;
			const kept = { ...formOf(theirs.data) };
			for (const k of mine as Name[]) kept[k] = form[k];
			setConflict(null);
			setBase(theirs);
			setTyped(Object.fromEntries((mine as Name[]).map((k) => [k, form[k]])) as Partial<F>);
			if (mine.length) save(mine as Name[], kept, theirs);
			else discard();
		},
	};
}
