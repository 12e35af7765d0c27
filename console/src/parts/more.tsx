/* The end of a list: it loads more as one comes near, or on a click. */

import { useEffect, useRef } from "react";
import { Button } from "./small";
import { digits } from "../words/count";

interface MoreProps {
	list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown; total?: number; rows: unknown[] };
	shown: number;
	what: string;
	many?: string;
}

export function More({ list, shown, what, many = what + "s" }: MoreProps) {
	const mark = useRef<HTMLDivElement>(null);
	const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
	useEffect(() => {
		const here = mark.current;
		if (!here || !hasNextPage) return;
		const watch = new IntersectionObserver(
			(seen) => {
				if (seen.some((s) => s.isIntersecting) && !isFetchingNextPage) fetchNextPage();
			},
			{ rootMargin: "400px" },
		);
		watch.observe(here);
		return () => watch.disconnect();
	}, [hasNextPage, isFetchingNextPage, fetchNextPage]);
	if (list.rows.length === 0) return null;
	return (
		<div ref={mark} className="row wrap second quiet">
			{hasNextPage ? (
				<>
					<span>
						{digits(list.rows.length)}
						{list.total !== undefined && ` of ${digits(list.total)}`} loaded
					</span>
					<Button small not={isFetchingNextPage && "More are on their way"} onClick={() => fetchNextPage()}>
						More
					</Button>
				</>
			) : (
				<span>
					{digits(shown)} {shown === 1 ? what : many}
				</span>
			)}
		</div>
	);
}
