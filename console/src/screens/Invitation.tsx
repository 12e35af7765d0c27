/* The door that the link of an invitation leads to. */

import { useCallback, useEffect, useState, type FormEvent } from "react";
import { Link } from "wouter";
import { Failure, ask } from "../api/client";
import { credentialChanged, credentialThere } from "../api/credential";
import type { Resource } from "../api/document";
import { type Me, nameOfMe } from "../api/me";
import { queries } from "../api/query";
import { Faults, Refused } from "../parts/failure";
import { Field } from "../parts/field";
import { prefer } from "../parts/preferences";
import { Button, Ghosts, Typed } from "../parts/small";
import { all } from "../words/count";
import { date } from "../words/time";
import { Door, useLinkToken } from "./door";
import { SignInForm } from "./sign-in-form";
import { rich, t } from "../words/message";

type Offer = Resource<{
	email: string;
	known: boolean;
	organizationName: string;
	inviterName: string | null;
	roleNames: string[];
	message: string | null;
	expiresAt: string;
}>;
type Invitation = Resource;

/** Does something with the token of an invitation. */
function send<D>(what: "show" | "accept" | "decline", meta: Record<string, string>) {
	return ask<D>(`invitations/${what}`, { method: "POST", body: { meta }, signingIn: true });
}

/** Returns who is signed in, undefined for nobody. */
async function whoIsHere(): Promise<Me | undefined> {
	try {
		return (await ask<Me>("me", { signingIn: true })).data;
	} catch (e) {
		if (e instanceof Failure && e.status === 401) return undefined;
		throw e;
	}
}

export default function InvitationDoor() {
	const token = useLinkToken();
	return token ? (
		<Opened key={token} token={token} />
	) : (
		<Door title={t("screens.invitation.yourInvitation")} said={t("screens.invitation.openItsLinkAsIt")} />
	);
}

function Opened({ token }: { token: string }) {
	const [offer, setOffer] = useState<Offer>();
	const [me, setMe] = useState<Me>();
	const [failure, setFailure] = useState<unknown>(null);
	const [became, setBecame] = useState<{ organization?: string } | "declined" | null>(null);
	const look = useCallback(async () => {
		try {
			const [shown, here] = await Promise.all([send<Offer>("show", { token }), whoIsHere()]);
			setOffer(shown.data);
			setMe(here);
			setFailure(null);
		} catch (e) {
			setFailure(e);
		}
	}, [token]);
	useEffect(() => void look(), [look]);

	if (failure instanceof Failure && failure.status === 404) {
		return <Door title={t("common.thisLinkDoesNotWork")} said={t("screens.invitation.itWasUsedOrTaken")} />;
	}
	if (failure) {
		return (
			<Door title={t("screens.invitation.yourInvitation")}>
				<Refused error={failure} again={() => void look()} />
			</Door>
		);
	}
	if (!offer) {
		return (
			<Door title={t("screens.invitation.yourInvitation")}>
				<Ghosts rows={3} />
			</Door>
		);
	}
	const { organizationName: name } = offer.attributes;
	if (became === "declined")
		return <Door title={t("screens.invitation.youHaveDeclined")} said={t("screens.invitation.whoAskedYouIsTold")} />;
	if (became) {
		return (
			<Door key="member" title={rich("screens.invitation.youAreAMemberOf", { name: <Typed>{name}</Typed> })}>
				<Link className="button wide" data-kind="main" href={became.organization ? `/organizations/${became.organization}` : "/"}>
					{t("screens.invitation.goThere")}
				</Link>
			</Door>
		);
	}
	return (
		<Door key="offer" title={rich("screens.invitation.join", { name: <Typed>{name}</Typed> })} said={<Asked offer={offer} />}>
			<Answer
				token={token}
				offer={offer}
				me={me}
				look={() => void look()}
				joined={(organization) => {
					queries.clear(); // what is seen has changed, or who sees it
					credentialThere();
					credentialChanged();
					setBecame({ organization });
				}}
			/>
			<Decline token={token} gone={() => void look()} declined={() => setBecame("declined")} />
		</Door>
	);
}

function Asked({ offer }: { offer: Offer }) {
	const { inviterName, roleNames, email, message, expiresAt } = offer.attributes;
	return (
		<>
			{inviterName
				? rich("screens.invitation.asksToJoinAsUntil", {
						value: (
							<b>
								<Typed>{inviterName}</Typed>
							</b>
						),
						value2: (
							<b>
								<Typed>{email}</Typed>
							</b>
						),
						list: <Typed>{all(roleNames)}</Typed>,
						when: date(expiresAt),
					})
				: rich("screens.invitation.isAskedToJoinAs", {
						value: (
							<b>
								<Typed>{email}</Typed>
							</b>
						),
						list: <Typed>{all(roleNames)}</Typed>,
						when: date(expiresAt),
					})}
			{message && (
				<span className="door-words">
					<Typed>{message}</Typed>
				</span>
			)}
		</>
	);
}

interface Answering {
	token: string;
	offer: Offer;
	me: Me | undefined;
	/** Looks again at the offer and at who is here. */
	look: () => void;
	/** Is told the id of the organization. */
	joined: (organization: string | undefined) => void;
}

/** What whoever has the link can do: it depends on who they are, and on whether the address is known. */
function Answer(a: Answering) {
	const { email, known } = a.offer.attributes;
	const theirs = a.me?.attributes.email?.toLowerCase() === email.toLowerCase();
	if (a.me && theirs) return <AsMe {...a} me={a.me} />;
	if (a.me) return <AsSomebodyElse {...a} me={a.me} />;
	return known ? <AsKnown {...a} /> : <AsNew {...a} />;
}

/** Accepts, once at a time. Where it turns out that who is here has changed, that is looked at again. */
function useAccepting({ token, look, joined }: Answering) {
	const [failure, setFailure] = useState<Failure | null>(null);
	const [busy, setBusy] = useState(false);
	const accept = async (profile: Record<string, string>) => {
		if (busy) return;
		setBusy(true);
		setFailure(null);
		try {
			const { data } = await send<Invitation>("accept", { token, ...profile });
			const organization = data.relationships?.organization?.data;
			joined(organization && !Array.isArray(organization) ? organization.id : undefined);
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			setFailure(e);
			if ([401, 403, 404].includes(e.status)) look();
		} finally {
			setBusy(false);
		}
	};
	return { accept, failure, busy };
}

function AsMe(a: Answering & { me: Me }) {
	const { accept, failure, busy } = useAccepting(a);
	return (
		<div className="stack gap4">
			<p className="second">{rich("screens.invitation.youAreSignedInAs", { nameOfMe: <Typed>{nameOfMe(a.me)}</Typed> })}</p>
			<Faults error={failure} />
			<Button kind="main" wide onClick={() => void accept({})} not={busy && t("common.itIsOnItsWay")}>
				{t("screens.invitation.joinAs", { nameOfMe: nameOfMe(a.me) })}
			</Button>
		</div>
	);
}

/** Somebody else is signed in: which address it is for, and the way there. */
function AsSomebodyElse(a: Answering & { me: Me }) {
	const [leaving, setLeaving] = useState(false);
	const [failure, setFailure] = useState<Failure | null>(null);
	const { email, known } = a.offer.attributes;
	const who = a.me.attributes.email ?? nameOfMe(a.me);
	if (leaving && known) return <AsKnown {...a} />;
	const leave = async () => {
		if (known) {
			setLeaving(true); // both stay signed in
			return;
		}
		try {
			await ask("sessions/current", { method: "DELETE", signingIn: true });
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			if (e.status !== 401) {
				setFailure(e);
				return;
			}
		}
		queries.clear();
		prefer({ last: undefined });
		credentialChanged();
		a.look();
	};
	return (
		<div className="stack gap4">
			<div className="notice" data-is="warn" role="status">
				<span>
					{rich("screens.invitation.thisInvitationIsForAnd", { email: <Typed>{email}</Typed>, who: <Typed>{who}</Typed> })}
				</span>
			</div>
			<Faults error={failure} />
			<Button kind="main" wide onClick={() => void leave()}>
				{known ? t("screens.invitation.signInAs", { email }) : t("screens.invitation.signOutAndJoinAs", { email })}
			</Button>
		</div>
	);
}

function AsKnown(a: Answering) {
	return (
		<div className="stack gap4">
			<p className="second">{t("screens.invitation.thereIsAnAccountWith")}</p>
			<SignInForm
				email={a.offer.attributes.email}
				to="/"
				done={() => {
					queries.clear();
					a.look();
				}}
			/>
		</div>
	);
}

function AsNew(a: Answering) {
	const { accept, failure, busy } = useAccepting(a);
	const [profile, setProfile] = useState({ firstName: "", lastName: "", password: "" });
	const set = (name: keyof typeof profile) => (e: FormEvent<HTMLInputElement>) =>
		setProfile({ ...profile, [name]: e.currentTarget.value });
	const fields = ["/meta/firstName", "/meta/lastName", "/meta/password"];
	return (
		<form
			className="stack gap4"
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				void accept(profile);
			}}
		>
			<Field
				label={t("common.firstName")}
				autoComplete="given-name"
				maxLength={100}
				required
				value={profile.firstName}
				wrong={failure?.at("/meta/firstName")}
				onChange={set("firstName")}
			/>
			<Field
				label={t("common.lastName")}
				autoComplete="family-name"
				maxLength={100}
				required
				value={profile.lastName}
				wrong={failure?.at("/meta/lastName")}
				onChange={set("lastName")}
			/>
			<input type="hidden" autoComplete="username" value={a.offer.attributes.email} readOnly />
			<Field
				label={t("common.password")}
				type="password"
				autoComplete="new-password"
				maxLength={200}
				required
				hint={t("common.12CharactersOrMore")}
				value={profile.password}
				wrong={failure?.at("/meta/password")}
				onChange={set("password")}
			/>
			<Faults error={failure} fields={fields} />
			<Button kind="main" wide type="submit" not={busy && t("common.itIsOnItsWay")}>
				{t("screens.invitation.join2")}
			</Button>
		</form>
	);
}

/** Declining is for good: it is asked twice. */
function Decline({ token, declined, gone }: { token: string; declined: () => void; gone: () => void }) {
	const [sure, setSure] = useState(false);
	const [failure, setFailure] = useState<Failure | null>(null);
	if (!sure) {
		return (
			<p className="second">
				<button className="link" type="button" onClick={() => setSure(true)}>
					{t("screens.invitation.iDoNotWantTo")}
				</button>
			</p>
		);
	}
	const decline = async () => {
		try {
			await send("decline", { token });
			declined();
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			setFailure(e);
			if (e.status === 404) gone();
		}
	};
	return (
		<div className="stack gap3">
			<p className="second">{t("screens.invitation.theLinkIsDeadThen")}</p>
			<Faults error={failure} />
			<div className="row wrap">
				<Button kind="danger" onClick={() => void decline()}>
					{t("screens.invitation.declineForGood")}
				</Button>
				<Button onClick={() => setSure(false)}>{t("screens.invitation.notYet")}</Button>
			</div>
		</div>
	);
}
