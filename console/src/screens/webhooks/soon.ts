/* What somebody has just sent is looked after closely for a moment: its answer is what they wait for. */

import { useCallback, useEffect, useState } from "react";

/** So long, in milliseconds; an answer that takes longer is told as everything is. */
const moment = 8000;

/** How often it is looked at meanwhile, in milliseconds. */
export const closely = 700;

/** Returns whether something was sent just now, and what says so. */
export function useSoon(): [soon: boolean, sent: () => void] {
	const [times, setTimes] = useState(0);
	const [soon, setSoon] = useState(false);
	useEffect(() => {
		if (times === 0) return;
		setSoon(true);
		const timer = setTimeout(() => setSoon(false), moment);
		return () => clearTimeout(timer);
	}, [times]);
	return [soon, useCallback(() => setTimes((n) => n + 1), [])];
}
