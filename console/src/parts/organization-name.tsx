/* An organization as a row of a list begins with it. */

import { Link } from "wouter";
import type { Organization } from "../api/resources";
import { t } from "../words/message";
import { digits } from "../words/count";
import { Kind } from "./icons";
import { Typed } from "./small";

/** leads: whether a click on the name opens it. */
export function OrganizationName({ of: o, leads = true }: { of: Organization; leads?: boolean }) {
	const name = <Typed>{o.attributes.name}</Typed>;
	return (
		<span className="row">
			<Kind kind={o.attributes.kind} />
			{leads ? (
				<Link className="name" href={`/organizations/${o.id}`}>
					{name}
				</Link>
			) : (
				name
			)}
			{o.attributes.active === false && leads && <span className="tag">{t("common.ended")}</span>}
		</span>
	);
}

/** How many members it has; where no column says so, with the word. */
export function Members({ of: count }: { of: number | undefined }) {
	if (count === undefined) return null;
	return (
		<>
			<span className="wide-only">{digits(count)}</span>
			<span className="narrow-only second">{t("parts.organizationName.countMember", { count })}</span>
		</>
	);
}
