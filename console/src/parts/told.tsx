/* What the service says in a sentence. Ids in it are shown by the names of what they are of, as links to where one can do something about it. */

import { Fragment } from "react";
import { Link } from "wouter";
import { url } from "../api/client";
import type { Resource } from "../api/document";
import { useRead } from "../api/query";
import { Typed } from "./small";

const named = /\b(organization|user|role) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/;

/** Where a thing is changed that stands in the way of something. */
const places: Record<string, (id: string) => string> = {
	organization: (id) => `/organizations/${id}/people`,
	user: (id) => `/people/${id}`,
};

export function Told({ children }: { children: string | undefined }) {
	const parts = (children ?? "").split(named); // text, kind, id, text, …
	return parts.map((part, i) =>
		i % 3 === 0 ? (
			<Fragment key={i}>{part}</Fragment>
		) : i % 3 === 1 ? (
			<Fragment key={i}>{part} </Fragment>
		) : (
			<Named key={i} kind={parts[i - 1] ?? ""} id={part} />
		),
	);
}

function Named({ kind, id }: { kind: string; id: string }) {
	const { data } = useRead<Resource>(url(`${kind}s/${id}`), { every: false });
	const name = <Typed>{String(data?.data.attributes.name ?? data?.data.attributes.fullName ?? id)}</Typed>;
	const to = places[kind]?.(id);
	return to && data ? <Link href={to}>{name}</Link> : <b>{name}</b>;
}
