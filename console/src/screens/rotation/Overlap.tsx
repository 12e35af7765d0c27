/* An overlap as it goes: what works beside what, until when, and whether anybody still uses the old one. */

import "../../styles/making.css";
import { Copy } from "../../parts/small";
import { shortId } from "../../words/count";
import { ago, short } from "../../words/time";
import { t } from "../../words/message";

export interface Secret {
	id: string;
	what: string;
	/** When it began; unknown if it is left out. */
	createdAt?: string | null;
	/** Until when it works beside a newer one; the newest has no such end. */
	expiresAt?: string | null;
	lastUsedAt?: string | null;
}

const width = 400;

/** secrets has the newest first. */
export function Overlap({ secrets }: { secrets: Secret[] }) {
	const now = Date.now();
	const begin = secrets[0]?.createdAt ? new Date(secrets[0].createdAt).getTime() : now;
	const end = Math.max(now, ...secrets.map((s) => (s.expiresAt ? new Date(s.expiresAt).getTime() : 0)));
	const x = (at: number) => (end > begin ? Math.min(Math.max((at - begin) / (end - begin), 0), 1) * width : width);
	const rotating = secrets.length > 1;
	return (
		<ul className="overlap">
			{secrets.map((s, i) => (
				<li key={s.id}>
					<span className="row wrap">
						<b>{i === 0 ? t("rotation.overlap.theNewest") : t("rotation.overlap.theOneBefore")}</b>
						<Copy text={s.id} what={s.what} shown={shortId(s.id)} />
						<span className="second end">
							{s.expiresAt
								? t("rotation.overlap.worksUntil", { when: short(s.expiresAt), when2: ago(s.expiresAt) })
								: t("rotation.overlap.noEnd")}
						</span>
					</span>
					{rotating && (
						<svg viewBox={`0 0 ${width} 10`} preserveAspectRatio="none" aria-hidden="true">
							<rect className="rail" width={width} height="10" rx="2" />
							<rect
								className={i === 0 ? undefined : "old"}
								width={s.expiresAt ? Math.max(x(new Date(s.expiresAt).getTime()), 3) : width}
								height="10"
								rx="2"
							/>
							<rect className="now" x={Math.min(x(now), width - 2)} width="2" height="10" />
						</svg>
					)}
					<span className="second quiet">
						{s.lastUsedAt ? t("rotation.overlap.lastUsed", { when: ago(s.lastUsedAt) }) : t("rotation.overlap.notUsedYet")}
					</span>
				</li>
			))}
		</ul>
	);
}
