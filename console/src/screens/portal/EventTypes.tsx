/* What an endpoint can be told: each type of event in a sentence, with an example of its body. */

import "../../styles/reading.css";
import "../../styles/making.css";
import { useState } from "react";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import { useRead } from "../../api/query";
import { usePage } from "../../frame/page";
import { Refused } from "../../parts/failure";
import { Ghosts } from "../../parts/small";
import { t } from "../../words/message";

interface EventTypeAttributes {
	description?: string;
	example?: unknown;
}

export default function EventTypes() {
	const request = url("event-types");
	const read = useRead<Resource<EventTypeAttributes>[]>(request, { every: false });
	const [open, setOpen] = useState("");
	usePage({ title: t("common.eventTypes"), crumbs: [], request });
	const types = read.data?.data ?? [];
	return (
		<div className="page stack gap4">
			<div>
				<h1>{t("common.eventTypes")}</h1>
				<p className="second">{t("portal.eventTypes.anEndpointNamesThoseThat")}</p>
			</div>
			{read.isPending && <Ghosts rows={8} />}
			{read.error && types.length === 0 && <Refused error={read.error} again={() => void read.refetch()} />}
			<ul className="portal-types">
				{types.map((type) => (
					<li key={type.id}>
						<details
							open={open === type.id}
							onToggle={(e) => {
								if (e.currentTarget.open) setOpen(type.id);
								else if (open === type.id) setOpen("");
							}}
						>
							<summary>
								<span className="mono name">{type.id}</span>
								<span className="second">{type.attributes.description}</span>
							</summary>
							{open === type.id && (
								<pre
									className="code"
									tabIndex={0}
									role="region"
									aria-label={t("portal.eventTypes.anExampleOf", { id: type.id })}
								>
									{JSON.stringify(type.attributes.example, null, 2)}
								</pre>
							)}
						</details>
					</li>
				))}
			</ul>
		</div>
	);
}
