// What the settings name: files, folders, the store. One function for each says what is wrong with it, and
// --check-config, the start and SIGHUP use the same, so that they say the same words.
#pragma once
#include "settings/loader.hpp"

#include <string>
#include <vector>

namespace gateway::app {

/// Adds what is wrong with the key ring and the listener's certificate, which SIGHUP reads anew. A key that
/// has a fault already is passed over, because its value is not the one that was meant.
void add_faults_of_live_files(const settings::all& settings, std::vector<settings::fault>& faults);

/// Adds what is wrong with the places that only a start opens: TikTok's authorities, the store, the folders.
/// Looks, and makes nothing; opens neither a server nor a port.
void add_faults_of_places(const settings::all& settings, std::vector<settings::fault>& faults);

/// Adds a remark if no pair can wait on the disk, in the folder that nobody named.
void add_remark_on_spool(const settings::all& settings, std::vector<settings::fault>& remarks);

/// Adds a remark if every user of the machine may read or change the private key of the listener.
void add_remark_on_private_key(const settings::all& settings, std::vector<settings::fault>& remarks);

} // namespace gateway::app
