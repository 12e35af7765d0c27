/* A form that makes something, or changes it. Of a change what differs is sent, with the version that was read; what somebody else has changed
   meanwhile is shown beside it, and nothing is overwritten unseen. */

import { useEffect, useState, type ReactNode } from "react";
import { ask } from "../api/client";
import type { Answer, Relationship, Resource } from "../api/document";
import { useSend } from "../api/query";
import { MergeDialog } from "./organization/Merge";

interface ChangeOf<A, F> {
	/** Where it is sent: the list for something new. */
	to: string;
	type: string;
	/** What was read; without it something is made. */
	answer?: Answer<Resource<A>>;
	/** Returns the form that shows attributes; without them that of something new. */
	formOf: (attributes?: A) => F;
	/** Returns what is sent of a member of the form; undefined is not sent. */
	sent: (name: keyof F & string, value: F[keyof F]) => unknown;
	relationships?: Record<string, Relationship>;
	done: (answer: Answer<Resource<A>>, changed: string[]) => void;
}

export interface Change<A, F> {
	/** What the form began with. */
	base: A | undefined;
	form: F;
	set: <K extends keyof F & string>(name: K) => (value: F[K]) => void;
	/** The names of what differs from what was read. */
	changed: (keyof F & string)[];
	save: () => void;
	pending: boolean;
	error: ReturnType<typeof useSend>["error"];
	/** The pointers of the members, for Faults. */
	fields: string[];
	/** Returns what is wrong with a member. */
	wrong: (name: keyof F & string) => string | undefined;
	/** The dialog that stands there while two have changed the same. */
	conflict: ReactNode;
}

export function useChange<A, F extends object>(of: ChangeOf<A, F>): Change<A, F> {
	type Name = keyof F & string;
	const { to, type, formOf, sent, relationships, done } = of;
	const [base, setBase] = useState(of.answer);
	const [form, setForm] = useState(() => formOf(of.answer?.data.attributes));
	const [theirs, setTheirs] = useState<Answer<Resource<A>> | null>(null);
	const send = useSend<Resource<A>>();
	const names = Object.keys(form) as Name[];
	const before = formOf(base?.data.attributes);
	const changed = names.filter((n) => !same(form[n], before[n]));
	const write = (version: Answer<Resource<A>> | undefined, only: Name[], values: F) => {
		const entries = only.map((n) => [n, sent(n, values[n])]).filter(([, value]) => value !== undefined);
		const data = { type, ...(version ? { id: version.data.id } : {}), attributes: Object.fromEntries(entries), relationships };
		send.mutate(
			{ to, method: version ? "PATCH" : "POST", ifMatch: version?.etag, body: { data } },
			{
				onSuccess: (a) => done(a, only),
				onError: async (e) => {
					if (e.status === 412) setTheirs(await ask<Resource<A>>(to));
				},
			},
		);
	};
	const error = send.error?.status === 412 ? null : send.error;
	useEffect(() => {
		if (error) document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
	}, [error]);
	const now = theirs && formOf(theirs.data.attributes);
	return {
		base: base?.data.attributes,
		form,
		changed,
		error,
		pending: send.isPending,
		set: (name) => (value) => setForm((f) => ({ ...f, [name]: value })),
		save: () => !send.isPending && write(base, base ? changed : names, form),
		fields: names.map(pointerTo),
		wrong: (name) => error?.errors.find((e) => `${e.source?.pointer}/`.startsWith(`${pointerTo(name)}/`))?.detail,
		conflict: theirs && now && (
			<MergeDialog
				conflict={{
					id: theirs.data.id,
					now: theirs,
					rows: changed
						.filter((n) => !same(form[n], now[n]))
						.map((n) => ({ name: n, yours: shown(form[n]), theirs: shown(now[n]) })),
				}}
				close={() => setTheirs(null)}
				settle={(mine) => {
					const kept = mine as Name[];
					const merged = { ...now, ...Object.fromEntries(kept.map((n) => [n, form[n]])) };
					setTheirs(null);
					setBase(theirs);
					setForm(merged);
					if (kept.length) write(theirs, kept, merged);
				}}
			/>
		),
	};
}

function pointerTo(name: string): string {
	return `/data/attributes/${name}`;
}

function same(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

function shown(value: unknown): string {
	return Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}
