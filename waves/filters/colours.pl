#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# GTKWave's transaction filter for the text signals of a Drydock wave file: the same signal, each
# value in the colour of what it says. GTKWave hands over each trace as VCD and takes back lines
# "#TIME ?COLOUR?TEXT". It writes all before it reads, so nothing is printed before the end.
use strict;
use warnings;

# By what it says, the first that fits.
my @colours = (
    [qr/^TIMEOUT|^DROPPED|violation|^[a-z_]+ \S+: |no credits| returned -| result [^0]/, "red3"],
    [qr/^flr|^link_down|^down|^recovery|^off$|^blocked|^reset/, "DarkOrange3"],
    [qr/^INV | INV \d+$/, "RoyalBlue3"],
    [qr/^RESET |^CALL /, "purple3"],
    [qr/^UNMAP |^operational|^ready|^up$|^on$|^attached/, "DarkGreen"],
    [qr/^TRANS |^PAGE | (?:TRANS|PAGE) \d+$/, "DarkCyan"],
);
# TLPs: those of invalidations, of translations and page requests as above, others by their type.
my %tlps = (MWr => "DarkOliveGreen", MRd => "sienna", Cpl => "DarkSlateGray", CplD => "DarkSlateGray",
            Msg => "purple3", MsgD => "purple3");

sub colour {
    my ($text) = @_;
    # There are many of these, so they come first.
    if ($text =~ /^TLP \d+ (\w+)/) {
        my $type = $1;
        return "RoyalBlue3" if $text =~ / INV \d+$/;
        return "DarkCyan" if $text =~ / (?:TRANS|PAGE) \d+$/;
        return $tlps{$type} // "gray30";
    }
    for my $rule (@colours) { return $rule->[1] if $text =~ $rule->[0]; }
    return "gray30";
}

$| = 1;
my ($name, $now, @lines) = ("", "#0");
while (my $line = <STDIN>) {
    if ($line =~ /^#/) {
        chomp($now = $line);
    } elsif ($line =~ /^s(\S*) /) {
        my $text = $1;
        $text =~ s/\\([0-7]{3})/$1 eq "000" ? "" : chr(oct($1))/ge;
        push @lines, $now . ($text eq "" ? "" : " ?" . colour($text) . "?$text") . "\n";
    } elsif ($line =~ /^\$comment name (.*) \$end/) {
        ($name, @lines) = ($1);
    } elsif ($line =~ /^\$comment data_end/) {
        print "\$name $name\n", @lines, "\$finish\n";
    }
}
