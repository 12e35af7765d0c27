/* What is alive right below an organization, and in the way of deleting it. */

import { Link } from "wouter";
import { url } from "../../api/client";
import { totalOf } from "../../api/document";
import type { Organization } from "../../api/resources";
import { useRead } from "../../api/query";
import { Typed } from "../../parts/small";
import { t } from "../../words/message";

export function LivingBelow({ id, organizations, close }: { id: string; organizations: string; close: () => void }) {
	const { data } = useRead<Organization[]>(
		url(organizations, { "filter[parent]": id, sort: "name", "fields[organizations]": "name", "page[size]": 20 }),
	);
	if (!data) return null;
	const more = (totalOf(data) ?? 0) - data.data.length;
	return (
		<ul className="living" aria-label={t("organization.livingBelow.aliveRightBelow")}>
			{data.data.map((o) => (
				<li key={o.id}>
					<Link href={`/organizations/${o.id}/settings`} onClick={close}>
						<Typed>{o.attributes.name}</Typed>
					</Link>
				</li>
			))}
			{more > 0 && <li className="second">{t("organization.livingBelow.andMore", { more })}</li>}
		</ul>
	);
}
