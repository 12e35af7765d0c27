/* Long lists, page by page, by cursor. A list knows the pages that were read and keeps the rows of those near what is looked at: however far
   somebody scrolls, the rest is an address, and is read again when it is looked at again. */

import { keepPreviousData, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ask } from "./client";
import type { Answer, Resource } from "./document";
import { totalOf } from "./document";
import { everyHalfMinute, type Reading } from "./query";

interface Page<R> {
	at: string;
	/** The ids of its rows, which stay when the rows are let go. */
	ids: string[];
	rows: R[] | null;
	included: Resource[];
	next: string | null;
}

interface Pages<R> {
	pages: Page<R>[];
	total?: number;
	/** How many rows have come before those that are shown. They push nothing until somebody asks for them. */
	waiting: number;
}

/** What a list of rows needs of where they come from. */
export interface RowSource<R> {
	/** How many rows are known, with those that were let go. */
	length: number;
	/** Returns a row; undefined for one that is being read again. */
	at(index: number): R | undefined;
	/** Returns what names a row as long as it is there. */
	key(index: number): string;
	/** Tells one list from another. */
	name?: string;
	/** Says which rows are looked at: their pages are kept. */
	look?(first: number, last: number): void;
	isPlaceholderData?: boolean;
	waiting?: number;
	/** Shows what has come meanwhile. */
	takeWaiting?(): void;
	total?: number;
	hasNextPage?: boolean;
}

const keptPages = 8;

const read = <R extends Resource<unknown>>(at: string, signal?: AbortSignal) => ask<R[]>(at, { signal, cursor: true });

function pageOf<R extends Resource<unknown>>(at: string, answer: Answer<R[]>): Page<R> {
	return {
		at,
		ids: answer.data.map((r) => r.id),
		rows: answer.data,
		included: answer.included ?? [],
		next: answer.links?.next ?? null,
	};
}

/** Reads a list page by page, by cursor. Nothing is read for null. */
export function usePages<R extends Resource<unknown>>(at: string | null, reading: Reading & { keepAll?: boolean } = {}) {
	const client = useQueryClient();
	const { keepAll = false } = reading;
	const view = useRef<[first: number, last: number]>([0, 0]);
	const key = useMemo(() => [at, "pages"], [at]);
	const query = useQuery<Pages<R>>({
		queryKey: key,
		queryFn: ({ signal }) => refresh<R>(client, key, at as string, view.current, signal),
		enabled: at !== null && reading.enabled !== false,
		refetchInterval: reading.every ?? everyHalfMinute,
		placeholderData: reading.keep ? keepPreviousData : undefined,
		structuralSharing: false,
	});
	const { data, isPlaceholderData } = query;
	const reading_ = useReader<R>(client, key, isPlaceholderData);
	const { load } = reading_;
	const pages = useMemo(() => data?.pages ?? [], [data]);
	const starts = useMemo(() => startsOf(pages), [pages]);
	const length = starts.at(-1) ?? 0;
	const next = pages.at(-1)?.next ?? null;

	const look = useCallback(
		(first: number, last: number) => {
			if (isPlaceholderData) return;
			view.current = [pageAt(starts, first), pageAt(starts, last)];
			const [from, to] = view.current;
			for (let i = from; i <= to; i++) {
				const page = pages[i];
				if (page && !page.rows) load(page.at);
			}
			const now = client.getQueryData<Pages<R>>(key);
			const less = now && !keepAll ? letGo(now, from, to) : now;
			if (less !== now) client.setQueryData(key, less);
		},
		[client, isPlaceholderData, keepAll, key, load, pages, starts],
	);
	const fetchNextPage = useCallback(() => {
		if (next && !isPlaceholderData) load(next);
	}, [isPlaceholderData, load, next]);
	const takeWaiting = useCallback(async () => {
		const answer = await read<R>(at as string);
		client.setQueryData<Pages<R>>(key, begin(at as string, answer));
	}, [at, client, key]);
	const rows = useMemo(() => pages.flatMap((p) => p.rows ?? []), [pages]);
	const included = useMemo(() => pages.flatMap((p) => p.included), [pages]);
	const source: RowSource<R> = useMemo(
		() => ({
			length,
			at: (index) => {
				const i = pageAt(starts, index);
				return pages[i]?.rows?.[index - (starts[i] ?? 0)];
			},
			key: (index) => {
				const i = pageAt(starts, index);
				return pages[i]?.ids[index - (starts[i] ?? 0)] ?? String(index);
			},
		}),
		[length, pages, starts],
	);
	return {
		...source,
		name: at ?? undefined,
		look,
		isPlaceholderData,
		isPending: query.isPending,
		error: query.error,
		refetch: query.refetch,
		/** The rows that are at hand: all of them in a short list. */
		rows,
		included,
		waiting: isPlaceholderData ? 0 : (data?.waiting ?? 0),
		takeWaiting,
		hasNextPage: next !== null,
		isFetchingNextPage: next !== null && reading_.reads.has(next),
		failed: next !== null ? reading_.failures.get(next) : undefined,
		fetchNextPage,
		// By cursor a list that would have to be counted has no total, before its end is reached.
		total: data?.total ?? (next !== null || !pages.length ? undefined : length),
	};
}

/** Reads pages that are looked at, each once at a time, and puts their rows where they belong. */
function useReader<R extends Resource<unknown>>(client: QueryClient, key: unknown[], idle: boolean) {
	const [, tell] = useState(0);
	const reads = useRef(new Set<string>());
	const failures = useRef(new Map<string, unknown>());
	useEffect(() => {
		failures.current.clear();
	}, [key]);
	const load = useCallback(
		(page: string) => {
			if (idle || reads.current.has(page)) return;
			reads.current.add(page);
			failures.current.delete(page);
			tell((n) => n + 1);
			client
				.fetchQuery({ queryKey: [page, "page"], queryFn: ({ signal }) => read<R>(page, signal), gcTime: 0, staleTime: 0 })
				.then((answer) => client.setQueryData<Pages<R>>(key, (now) => now && put(now, page, answer)))
				.catch((e: unknown) => failures.current.set(page, e))
				.finally(() => {
					reads.current.delete(page);
					tell((n) => n + 1);
				});
		},
		[client, idle, key],
	);
	return { load, reads: reads.current, failures: failures.current };
}

/** Returns where each page begins, and at the end how many rows there are. */
function startsOf<R>(pages: Page<R>[]): number[] {
	const starts = [0];
	for (const p of pages) starts.push((starts.at(-1) ?? 0) + p.ids.length);
	return starts;
}

/** Returns the index of the page that has a row. */
function pageAt(starts: number[], row: number): number {
	let low = 0;
	let high = Math.max(starts.length - 2, 0);
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if ((starts[middle] ?? 0) <= row) low = middle;
		else high = middle - 1;
	}
	return low;
}

function begin<R extends Resource<unknown>>(at: string, answer: Answer<R[]>): Pages<R> {
	return { pages: [pageOf(at, answer)], total: totalOf(answer), waiting: 0 };
}

/** Puts a page where it was, or at the end. One that belongs nowhere any more is dropped: the list was begun anew meanwhile. */
function put<R extends Resource<unknown>>(now: Pages<R>, at: string, answer: Answer<R[]>): Pages<R> {
	const known = now.pages.findIndex((p) => p.at === at);
	const before = now.pages[known];
	if (before) {
		const found = new Set(answer.data.map((r) => r.id));
		const pushedOut =
			!before.rows && found.size > 0 && !found.has(before.ids.at(-1) ?? "") && answer.data.some((r) => !before.ids.includes(r.id));
		// What came between rows that were let go has its place, and what is behind is read when it is looked at.
		if (pushedOut) return { ...now, pages: [...now.pages.slice(0, known), pageOf(at, answer)] };
		return { ...now, pages: now.pages.with(known, agree(before, answer)) };
	}
	if (now.pages.at(-1)?.next !== at) return now;
	const seen = new Set(now.pages.at(-1)?.ids);
	const page = pageOf(at, answer);
	const fresh = page.rows?.filter((r) => !seen.has(r.id)) ?? [];
	return { ...now, pages: [...now.pages, { ...page, rows: fresh, ids: fresh.map((r) => r.id) }] };
}

/**
 * Returns a page with what its rows are now. Nothing that is new is put between them, which would push what is being read; a row that is gone
 * goes. A page whose rows were let go has the same rows as before, as far as they are still there.
 */
function agree<R extends Resource<unknown>>(before: Page<R>, answer: Answer<R[]>): Page<R> {
	const found = new Map(answer.data.map((r) => [r.id, r]));
	const last = before.ids.findLastIndex((id) => found.has(id));
	const old = new Map(before.rows?.map((r) => [r.id, r]));
	const rows: R[] = [];
	before.ids.forEach((id, i) => {
		const row = found.get(id) ?? (i > last ? old.get(id) : undefined); // behind the last one it was pushed out of this answer, not ended
		if (row) rows.push(row);
	});
	if (!before.next) {
		// At the end of a list what is new pushes nothing.
		const known = new Set(before.ids);
		const behind = answer.data.findLastIndex((r) => known.has(r.id));
		rows.push(...answer.data.slice(behind + 1).filter((r) => !known.has(r.id) && behind >= 0));
	}
	return {
		...before,
		rows,
		ids: rows.map((r) => r.id),
		included: [...new Map([...before.included, ...(answer.included ?? [])].map((r) => [r.type + r.id, r])).values()],
		next: before.next ?? answer.links?.next ?? null,
	};
}

/** Returns how many rows an answer has before the last one that the page had: they have come meanwhile. */
function newIn<R extends Resource<unknown>>(page: Page<R>, answer: Answer<R[]>): number {
	const known = new Set(page.ids);
	const last = answer.data.findLastIndex((r) => known.has(r.id));
	if (last < 0) return answer.data.length;
	return answer.data.slice(0, last).filter((r) => !known.has(r.id)).length;
}

/** Lets go the rows of pages that are far from those that are looked at. */
function letGo<R>(now: Pages<R>, from: number, to: number): Pages<R> {
	const far = (i: number) => i < from - keptPages / 2 || i > to + keptPages / 2;
	if (!now.pages.some((p, i) => p.rows && far(i))) return now;
	return { ...now, pages: now.pages.map((p, i) => (p.rows && far(i) ? { ...p, rows: null, included: [] } : p)) };
}

/**
 * Reads what is on the screen again, and the beginning of the list, to see what has come. Whoever changed something themselves sees what they
 * did at once; otherwise what is new waits.
 */
async function refresh<R extends Resource<unknown>>(
	client: QueryClient,
	key: unknown[],
	at: string,
	[from, to]: [number, number],
	signal: AbortSignal,
): Promise<Pages<R>> {
	const state = client.getQueryState<Pages<R>>(key);
	const before = state?.data;
	const first = await read<R>(at, signal);
	if (!before?.pages[0] || (from === 0 && (state?.isInvalidated || before.pages[0].ids.length === 0))) return begin(at, first);
	const seen = new Map<string, Answer<R[]>>();
	if (from === 0) seen.set(at, first);
	for (const page of before.pages.slice(Math.max(from, 1), to + 1)) if (page.rows) seen.set(page.at, await read<R>(page.at, signal));
	const now = client.getQueryData<Pages<R>>(key) ?? before; // pages may have come meanwhile
	const head = now.pages[0] as Page<R>;
	return {
		pages: now.pages.map((p) => {
			const answer = seen.get(p.at);
			return answer ? agree(p, answer) : p;
		}),
		total: totalOf(first),
		waiting: newIn(head, first),
	};
}
