/* JSON:API documents as the service answers them, and how to find one's way in one. */

export interface Identifier {
	type: string;
	id: string;
}

export interface Relationship {
	data?: Identifier | Identifier[] | null;
	links?: { related?: string; next?: string };
	meta?: { total?: number };
}

/** A resource whose attributes are A. Which of them are there depends on `fields`. */
export interface Resource<A = Record<string, unknown>> extends Identifier {
	attributes: A;
	relationships?: Record<string, Relationship>;
	links?: { self?: string };
	meta?: { counts?: Record<string, number>; match?: { field: string; exact: boolean }; path?: string[]; version?: string };
}

export interface Page {
	total?: number;
}

export interface Document<D> {
	data: D;
	included?: Resource[];
	links?: { self?: string; next?: string | null; prev?: string | null };
	meta?: Record<string, unknown> & { page?: Page };
}

/** One of the errors of a refusal. */
export interface ApiError {
	status: string;
	code: string;
	title: string;
	detail?: string;
	source?: { pointer?: string; parameter?: string; header?: string };
}

/** An answer: the document, and what stands beside it in the headers. */
export interface Answer<D> extends Document<D> {
	etag: string | null;
	requestId: string | null;
}

/** Returns the resource that a to-one relationship leads to, if the document includes it. */
export function related<A>(
	doc: { included?: Resource[] } | undefined,
	from: Resource<unknown> | undefined,
	name: string,
): Resource<A> | undefined {
	const data = from?.relationships?.[name]?.data;
	if (!data || Array.isArray(data)) return undefined;
	return doc?.included?.find((r) => r.type === data.type && r.id === data.id) as Resource<A> | undefined;
}

/** Returns the resources that a to-many relationship leads to, those that the document includes. */
export function relatedMany<A>(
	doc: { included?: Resource[] } | undefined,
	from: Resource<unknown> | undefined,
	name: string,
): Resource<A>[] {
	const data = from?.relationships?.[name]?.data;
	if (!Array.isArray(data)) return [];
	return data.map((d) => doc?.included?.find((r) => r.type === d.type && r.id === d.id)).filter((r) => r !== undefined) as Resource<A>[];
}

/** Returns the id of what a to-one relationship leads to, also if the document does not include it. */
export function idOf(from: Resource<unknown> | undefined, name: string): string | undefined {
	const data = from?.relationships?.[name]?.data;
	return data && !Array.isArray(data) ? data.id : undefined;
}

/** Returns how many resources a list has in all, if the answer says so. */
export function totalOf(doc: { meta?: { page?: Page; total?: unknown } } | undefined): number | undefined {
	const total = doc?.meta?.page?.total ?? doc?.meta?.total; // by cursor, and by number
	return typeof total === "number" ? total : undefined;
}
