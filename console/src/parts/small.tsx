/* Small parts that every screen uses. */

import { Fragment, useEffect, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { useConnection } from "../api/connection";
import { Icon, type IconName } from "./icons";
import { onItsWay, waited } from "./first";
import { copy } from "./live";
import { initials, visible } from "../words/count";
import { t } from "../words/message";

export type StateName = "ok" | "warn" | "bad" | "off";

/** A state: a mark whose shape says it, and a word. */
export function State({ is, children, hidden }: { is: StateName; children: ReactNode; hidden?: boolean }) {
	return (
		<span className="state" data-is={is}>
			{hidden ? <span className="only-read">{children}</span> : children}
		</span>
	);
}

/** A role, solid where it is given here, hollow where it comes from above. */
export function Held({ from, children }: { from: "here" | "above" | "none"; children: ReactNode }) {
	return (
		<span className="held" data-from={from}>
			<span className="cut">{typeof children === "string" ? <Typed>{children}</Typed> : children}</span>
			{from === "above" && <span className="only-read"> {t("parts.small.fromAbove")}</span>}
		</span>
	);
}

export function Face({ name, small }: { name: string; small?: boolean }) {
	return (
		<span className="face" data-size={small ? "small" : undefined} aria-hidden="true">
			{initials(name)}
		</span>
	);
}

/** A text that a click copies. */
export function Copy({ text, what, shown }: { text: string; what: string; shown?: string }) {
	return (
		<button className="copy" type="button" onClick={() => copy(text, what)}>
			<span className="only-read">{t("parts.small.copy", { what })} </span>
			<span className="cut">{shown ?? text}</span>
			<Icon name="copy" />
		</button>
	);
}

/** A text that somebody typed. */
export function Typed({ children }: { children: string | null | undefined }) {
	return <bdi>{visible(children ?? "")}</bdi>;
}

/** Words of programs, which break after a colon or a slash: users:read, Asia/Tokyo. */
export function Words({ children }: { children: string }) {
	return children.split(/(?<=[:/])/).map((part, i) => (
		<Fragment key={i}>
			{i > 0 && <wbr />}
			{part}
		</Fragment>
	));
}

/** A URL that somebody typed. */
export function Address({ children }: { children: string | null | undefined }) {
	return (
		<bdi>
			<Words>{visible(children ?? "")}</Words>
		</bdi>
	);
}

/** A link to a URL of somebody's: only https becomes one. */
export function Outside({ href }: { href: string }) {
	if (!href.startsWith("https://")) return <Typed>{href}</Typed>;
	return (
		<a href={href} rel="noopener noreferrer" target="_blank">
			<Typed>{href}</Typed>
		</a>
	);
}

interface ButtonProps {
	children: ReactNode;
	onClick?: () => void;
	kind?: "main" | "bare" | "danger";
	small?: boolean;
	icon?: IconName;
	type?: "button" | "submit";
	/** Why it cannot be used; it stays in its place and says so. */
	not?: string | false;
	/** It writes something, as forms and what is dangerous do: not without a network. */
	sends?: boolean;
	wide?: boolean;
	end?: boolean;
	label?: string;
}

export function Button({ children, onClick, kind, small, icon, type = "button", not: refused, sends, wide, end, label }: ButtonProps) {
	const { offline } = useConnection();
	const not = refused || (offline && (sends || type === "submit" || kind === "danger") && t("parts.small.thereIsNoNetwork"));
	return (
		<button
			className={["button", wide && "wide", end && "end"].filter(Boolean).join(" ")}
			data-kind={kind}
			data-size={small ? "small" : undefined}
			type={type}
			aria-label={label}
			aria-disabled={not ? true : undefined}
			title={not || undefined}
			onClick={(e) => {
				if (not) e.preventDefault();
				else onClick?.();
			}}
		>
			{icon && <Icon name={icon} />}
			{children}
			{not && <span className="only-read">: {not}</span>}
		</button>
	);
}

export function SquareButton({
	icon,
	label,
	onClick,
	bare = true,
	className = "",
}: {
	icon: IconName;
	label: string;
	onClick?: () => void;
	bare?: boolean;
	className?: string;
}) {
	return (
		<button
			className={`button ${className}`}
			data-kind={bare ? "bare" : undefined}
			data-square
			type="button"
			aria-label={label}
			onClick={onClick}
		>
			<Icon name={icon} />
		</button>
	);
}

export function Dot() {
	return (
		<span className="quiet" aria-hidden="true">
			·
		</span>
	);
}

/** A part of a page with a heading of its own. */
export function Section({
	id,
	title,
	count,
	children,
	more,
	card,
}: {
	id: string;
	title: ReactNode;
	count?: number | string;
	children: ReactNode;
	more?: ReactNode;
	card?: boolean;
}) {
	return (
		<section className={card ? "card" : "section"} aria-labelledby={id}>
			<header>
				<h2 id={id}>{title}</h2>
				{count !== undefined && <span className="count">{count}</span>}
				{more}
			</header>
			{children}
		</section>
	);
}

/** What a list shows that has nothing: what belongs there, and how it comes there. */
export function Empty({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
	return (
		<div className="empty">
			<h2>{title}</h2>
			<p className="second">{children}</p>
			{action}
		</div>
	);
}

/** The shape of rows that are on their way, after 150 ms: what is quick shows nothing in between. */
export function Ghosts({ rows = 5 }: { rows?: number }) {
	const [before] = useState(waited);
	const late = useLate(150 - before);
	useEffect(onItsWay, []);
	return (
		<div className="ghosts" role="status" aria-label={t("common.loading")}>
			{late && Array.from({ length: rows }, (_, i) => <div key={i} className="ghost" data-wide={i % 3} />)}
		</div>
	);
}

/** Returns false at first, and true after so many milliseconds; at once where they have passed. */
export function useLate(after: number): boolean {
	const [late, setLate] = useState(after <= 0);
	useEffect(() => {
		if (after <= 0) return;
		const timer = setTimeout(() => setLate(true), after);
		return () => clearTimeout(timer);
	}, [after]);
	return late;
}

export function TextLink({ to, children, end }: { to: string; children: ReactNode; end?: boolean }) {
	return (
		<Link href={to} className={end ? "end second" : undefined}>
			{children}
		</Link>
	);
}
