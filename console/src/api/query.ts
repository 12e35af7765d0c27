/* Reading and writing for screens: TanStack Query, with the URL as the key. */

import { QueryClient, keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { Failure, ask, type Asking } from "./client";
import { connection, patience } from "./connection";
import type { Answer } from "./document";

export const queries = new QueryClient({
	defaultOptions: {
		queries: {
			staleTime: 10_000,
			gcTime: 5 * 60_000,
			refetchOnWindowFocus: true,
			refetchIntervalInBackground: false,
			// What was refused is refused again. A service that is restarting is asked again, and who asks too often waits as long as it was told.
			retry: (count, e) => e instanceof Failure && (e.status === 0 || e.status === 503 || waits(e)) && count < 3,
			retryDelay: (count, e) => (e instanceof Failure && e.retryAfter ? e.retryAfter * 1000 : Math.min(1000 * 2 ** count, 8000)),
			networkMode: "always",
		},
		mutations: {
			networkMode: "always",
			// Of one that got no answer it is not known whether it was done: whoever sent it decides. One that came too early was not done.
			retry: (count, e) => e instanceof Failure && waits(e) && count < 3,
			retryDelay: (_, e) => ((e as Failure).retryAfter ?? 1) * 1000,
		},
	},
});

/** Reports whether something came too early, and is sent again by itself. */
function waits(e: Failure): boolean {
	return e.status === 429 && e.retryAfter !== null && e.retryAfter <= patience;
}

/** Does something, and again by itself as long as it came too early. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
	for (let tries = 0; ; tries++) {
		try {
			return await ask();
		} catch (e) {
			if (!(e instanceof Failure) || !waits(e) || tries === 3) throw e;
			await new Promise((later) => setTimeout(later, (e.retryAfter ?? 1) * 1000));
		}
	}
}

export const everyHalfMinute = 30_000;

export interface Reading {
	/** Milliseconds until it is read again while it is on screen; false for never. */
	every?: number | false;
	/** What was there for another URL stays until the new answer is here. */
	keep?: boolean;
	enabled?: boolean;
}

/** Reads a URL, again from time to time while it is on screen. Nothing is read for null. */
export function useRead<D>(at: string | null, reading: Reading = {}) {
	return useQuery({
		queryKey: [at],
		queryFn: ({ signal }) => ask<D>(at as string, { signal }),
		enabled: at !== null && reading.enabled !== false,
		refetchInterval: reading.every ?? everyHalfMinute,
		placeholderData: reading.keep ? keepPreviousData : undefined,
	});
}

/** What is sent, and to where. */
export interface Sending extends Asking {
	to: string;
}

/** A second click, up to this many milliseconds after the answer to the first one, is part of it. */
const oneClick = 500;

/**
 * Returns a mutation that sends what it is given. All that the screen shows is read again afterwards: one write touches lists, counts and
 * events alike. What is on its way is not sent again, nor what a double click sends right after it was done. The key of the intent is kept
 * until it succeeded or was refused, so that a try that got no answer is not done twice.
 */
export function useSend<D = unknown>(after?: (answer: Answer<D>, sent: Sending) => void) {
	const client = useQueryClient();
	const last = useRef({ what: "", key: "", until: 0 });
	const mutation = useMutation<Answer<D>, Failure, Sending>({
		mutationFn: ({ to, ...asking }) => {
			if (connection().offline) throw new Failure(0, [], null, null);
			return ask<D>(to, { ...asking, idempotencyKey: asking.method === "POST" ? last.current.key : undefined });
		},
		onSuccess: (answer, sent) => {
			last.current.key = "";
			last.current.until = Date.now() + oneClick;
			after?.(answer, sent);
			return client.invalidateQueries();
		},
		onError: (e) => {
			last.current.until = 0;
			if (e.status !== 0) last.current.key = "";
			if ([404, 409, 412].includes(e.status)) void client.invalidateQueries(); // it is otherwise than the page shows
		},
	});
	const { mutate: send } = mutation;
	const mutate = useCallback<typeof send>(
		(sending, options) => {
			const { what, key, until } = last.current;
			const now = JSON.stringify([sending.method, sending.to, sending.body]);
			if (now === what && Date.now() < until) return;
			last.current = { what: now, key: (now === what && key) || crypto.randomUUID(), until: Infinity };
			send(sending, options);
		},
		[send],
	);
	return { ...mutation, mutate };
}
