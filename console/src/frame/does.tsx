/* A button for what a key of the page does, where that is the next thing to do. */

import { Button } from "../parts/small";
import { keysNow } from "./keys";
import type { ReactNode } from "react";

export function Does({ of, main, not, children }: { of: string; main?: boolean; not?: string | false; children: ReactNode }) {
	return (
		<Button
			kind={main ? "main" : undefined}
			icon="plus"
			not={not}
			onClick={() =>
				keysNow()
					.find((k) => k.key === of)
					?.act?.()
			}
		>
			{children}
		</Button>
	);
}
