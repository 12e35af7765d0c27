/* How an endpoint did over the last day: a bar for each half hour, red where something failed. */

import "../../styles/reading.css";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import { useRead } from "../../api/query";
import { clock } from "../../words/time";
import { t } from "../../words/message";

interface Bucket {
	at: string;
	delivered: number;
	failed: number;
}

type Series = Resource<{ step?: number; buckets?: Bucket[] }>;

const height = 28;

export function Pulse({ webhook }: { webhook: string }) {
	const { data } = useRead<Series>(url(`webhooks/${webhook}/series`), { every: 60_000 });
	const buckets = data?.data.attributes.buckets ?? [];
	if (buckets.length === 0) return null;
	const most = Math.max(1, ...buckets.map((b) => b.delivered + b.failed));
	const delivered = buckets.reduce((sum, b) => sum + b.delivered, 0);
	const failed = buckets.reduce((sum, b) => sum + b.failed, 0);
	const width = 7 * buckets.length;
	return (
		<div>
			<svg
				className="pulse"
				viewBox={`0 0 ${width} ${height}`}
				preserveAspectRatio="none"
				role="img"
				aria-label={t("webhooks.pulse.sinceDeliveredGoodAnswer", { when: clock(buckets[0]?.at ?? "", false), delivered, failed })}
			>
				{buckets.map((b, i) => {
					const all = b.delivered + b.failed;
					// A few are seen beside many: heights grow with the logarithm.
					const tall = all ? 8 + (height - 8) * (Math.log1p(all) / Math.log1p(most)) : 3;
					return (
						<rect
							key={b.at}
							className={!all ? "none" : b.failed ? "bad" : undefined}
							x={i * 7}
							y={height - tall}
							width="5"
							height={tall}
							rx="1"
						/>
					);
				})}
			</svg>
			<div className="row second quiet">
				<span>{clock(buckets[0]?.at ?? "", false)}</span>
				<span className="end">{t("webhooks.pulse.now")}</span>
			</div>
		</div>
	);
}
