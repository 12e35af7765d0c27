/* The end of a list: it loads more as one comes near, or on a click. */

import { useEffect, useRef } from "react";
import { Button } from "./small";
import { t, type MessageId } from "../words/message";

interface MoreProps {
	list: {
		hasNextPage: boolean;
		isFetchingNextPage: boolean;
		/** Why the last page that was asked for is not there. */
		failed?: unknown;
		fetchNextPage: () => unknown;
		total?: number;
		length: number;
	};
	/** How many there are when all are loaded. */
	shown?: number;
	/** Of how many those are a choice. */
	of?: number;
	what: Extract<MessageId, `list.${string}`>;
	/** What is said of those that are loaded, where they are not what is shown. */
	loaded?: "list.loaded" | "list.loadedMemberships";
}

export function More({ list, shown = list.length, of = shown, what, loaded = "list.loaded" }: MoreProps) {
	const mark = useRef<HTMLDivElement>(null);
	const { hasNextPage, isFetchingNextPage, fetchNextPage, failed } = list;
	useEffect(() => {
		const here = mark.current;
		if (!here || !hasNextPage || failed) return;
		const watch = new IntersectionObserver(
			(seen) => {
				if (seen.some((s) => s.isIntersecting) && !isFetchingNextPage) fetchNextPage();
			},
			{ rootMargin: "1200px" },
		);
		watch.observe(here);
		return () => watch.disconnect();
	}, [hasNextPage, isFetchingNextPage, fetchNextPage, failed]);
	if (list.length === 0) return null;
	return (
		<div ref={mark} className="row wrap second quiet more">
			{hasNextPage ? (
				<>
					<span>{failed ? t("list.failed") : t(loaded, { shown: list.length, total: list.total ?? "unknown" })}</span>
					<Button small not={isFetchingNextPage && t("list.onTheirWay")} onClick={() => fetchNextPage()}>
						{t(failed ? "list.again" : "list.more")}
					</Button>
				</>
			) : (
				<span>{shown < of ? t("list.partOf", { shown, what: t(what, { count: of }) }) : t(what, { count: shown })}</span>
			)}
		</div>
	);
}
