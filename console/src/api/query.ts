/* Reading and writing for screens: TanStack Query, with the URL as the key. */

import { QueryClient, keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Failure, ask, type Asking } from "./client";
import type { Answer } from "./document";

export const queries = new QueryClient({
	defaultOptions: {
		queries: {
			staleTime: 10_000,
			gcTime: 5 * 60_000,
			refetchOnWindowFocus: true,
			refetchIntervalInBackground: false,
			// What was refused is refused again. A service that is restarting is asked again, and who asks too often waits as long as it was told.
			retry: (count, e) => e instanceof Failure && (e.status === 0 || e.status === 429 || e.status === 503) && count < 3,
			retryDelay: (count, e) => (e instanceof Failure && e.retryAfter ? e.retryAfter * 1000 : Math.min(1000 * 2 ** count, 8000)),
			networkMode: "always",
		},
		mutations: { networkMode: "always" },
	},
});

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

/**
 * Returns a mutation that sends what it is given. All that the screen shows is read again afterwards: one write touches lists, counts and
 * events alike. The key of the intent is kept until it succeeded or was refused, so that a try that got no answer is not done twice.
 */
export function useSend<D = unknown>(after?: (answer: Answer<D>, sent: Sending) => void) {
	const client = useQueryClient();
	const intent = useRef<string | null>(null);
	return useMutation<Answer<D>, Failure, Sending>({
		mutationFn: ({ to, ...asking }) => {
			intent.current ??= crypto.randomUUID();
			return ask<D>(to, { ...asking, idempotencyKey: asking.method === "POST" ? intent.current : undefined });
		},
		onSuccess: (answer, sent) => {
			intent.current = null;
			after?.(answer, sent);
			return client.invalidateQueries();
		},
		onError: (e) => {
			if (e.status !== 0) intent.current = null;
		},
	});
}
