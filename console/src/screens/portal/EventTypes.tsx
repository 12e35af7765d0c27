/* What an endpoint can be told: each type of event in a sentence, with an example of its body. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import { useRead } from "../../api/query";
import { usePage } from "../../frame/page";
import { Refused } from "../../parts/failure";
import { Ghosts } from "../../parts/small";

interface EventTypeAttributes {
	description?: string;
	example?: unknown;
}

export default function EventTypes() {
	const request = url("event-types");
	const read = useRead<Resource<EventTypeAttributes>[]>(request, { every: false });
	const [open, setOpen] = useState("");
	usePage({ title: "Event types", crumbs: [], request });
	const types = read.data?.data ?? [];
	return (
		<div className="page stack gap4">
			<div>
				<h1>Event types</h1>
				<p className="second">An endpoint names those that it wants: one, all of a kind such as user.*, or everything.</p>
			</div>
			{read.isPending && <Ghosts rows={8} />}
			{read.error && types.length === 0 && <Refused error={read.error} again={() => void read.refetch()} />}
			<ul className="portal-types">
				{types.map((t) => (
					<li key={t.id}>
						<details
							open={open === t.id}
							onToggle={(e) => {
								if (e.currentTarget.open) setOpen(t.id);
								else if (open === t.id) setOpen("");
							}}
						>
							<summary>
								<span className="mono name">{t.id}</span>
								<span className="second">{t.attributes.description}</span>
							</summary>
							{open === t.id && (
								<pre className="code" tabIndex={0} role="region" aria-label={`An example of ${t.id}`}>
									{JSON.stringify(t.attributes.example, null, 2)}
								</pre>
							)}
						</details>
					</li>
				))}
			</ul>
		</div>
	);
}
